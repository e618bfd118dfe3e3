PY := .venv/bin/python
check:
	.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy . && .venv/bin/lint-imports

# docs/openapi.json, as the code describes itself now
openapi:
	@$(PY) -W ignore manage.py spectacular --file docs/openapi.json --format openapi-json --validate --fail-on-warn
