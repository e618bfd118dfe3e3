// <chart-figure data-kind="line" data-library="…">: draws the table inside it; the table stays, for who reads or copies.
// Kinds: line, area, bar, stacked. A column whose head has data-line="before" is what it is compared with; data-off is not
// drawn. The arrow keys go from row to row and say each.
let loading;
const library = (address) =>
  (loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => resolve(window.Chart));
    script.addEventListener("error", reject);
    document.head.append(script);
  }));

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

customElements.define(
  "chart-figure",
  class extends HTMLElement {
    async connectedCallback() {
      const Chart = await library(this.dataset.library);
      if (!this.isConnected) return;
      this.scheme = matchMedia("(prefers-color-scheme: dark)");
      this.redraw = () => this.draw(Chart);
      this.scheme.addEventListener("change", this.redraw);
      this.theme = new MutationObserver(this.redraw);
      this.theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
      this.stage = this.querySelector("[data-stage]");
      this.stage.addEventListener("keydown", (event) => this.step(event));
      this.stage.addEventListener("blur", () => this.point(null));
      this.draw(Chart);
    }

    disconnectedCallback() {
      this.scheme?.removeEventListener("change", this.redraw);
      this.theme?.disconnect();
      this.chart?.destroy();
    }

    color(name, part = 100) {
      const probe = document.createElement("i");
      probe.style.color = part === 100 ? `var(${name})` : `color-mix(in oklab, var(${name}) ${part}%, transparent)`;
      this.append(probe);
      const found = getComputedStyle(probe).color;
      probe.remove();
      return found;
    }

    draw(Chart) {
      this.chart?.destroy();
      const kind = this.dataset.kind || "line";
      const bars = kind === "bar" || kind === "stacked";
      const table = this.querySelector("table");
      const heads = [...table.tHead.rows[0].cells];
      const columns = heads.map((head, index) => ({ head, index })).slice(1).filter(({ head }) => !("off" in head.dataset));
      this.rows = [...table.tBodies[0].rows];
      const number = (cell) => Number(cell.dataset.value ?? cell.textContent.replace(/[^\d.-]/g, ""));
      const line = this.color("--line");
      const soft = this.color("--text-soft");
      let hue = 0;
      const datasets = columns.map(({ head, index }) => {
        const before = head.dataset.line === "before";
        const name = before ? "--line-strong" : `--chart-${(hue++ % 5) + 1}`;
        const filled = kind === "area" && !before;
        return {
          label: head.textContent.trim(),
          data: this.rows.map((row) => number(row.cells[index])),
          borderColor: this.color(name),
          backgroundColor: this.color(name, filled ? 12 : 100),
          fill: filled,
          borderWidth: before ? 1.5 : 2,
          borderDash: before ? [4, 4] : [],
          pointRadius: before || this.rows.length > 40 ? 0 : 2,
          pointBackgroundColor: this.color(name),
          pointHoverRadius: 4,
          borderRadius: bars ? 3 : 0,
          maxBarThickness: 36,
          cubicInterpolationMode: "monotone", // a curve that is never above or below what it joins
        };
      });
      const cell = (at, item) => this.rows[at].cells[columns[item].index].textContent.trim();
      this.chart = new Chart(this.querySelector("canvas"), {
        type: bars ? "bar" : "line",
        data: { labels: this.rows.map((row) => row.cells[0].textContent.trim()), datasets },
        options: {
          animation: false,
          maintainAspectRatio: false,
          interaction: { mode: "index", intersect: false },
          plugins: {
            legend: { display: columns.length > 1, align: "end", labels: { color: soft, boxWidth: 12, boxHeight: 2 } },
            tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${cell(item.dataIndex, item.datasetIndex)}` } },
          },
          scales: {
            x: { stacked: kind === "stacked", ticks: { color: soft, maxRotation: 0, autoSkipPadding: 16 }, grid: { display: false }, border: { color: line } },
            y: {
              stacked: kind === "stacked",
              beginAtZero: true,
              suggestedMax: 4,
              ticks: { color: soft, precision: 0, maxTicksLimit: 6, callback: (value) => short.format(value) },
              grid: { color: line },
              border: { display: false },
            },
          },
        },
      });
    }

    step(event) {
      const last = this.rows.length - 1;
      const to = { ArrowRight: (this.at ?? -1) + 1, ArrowLeft: (this.at ?? last + 1) - 1, Home: 0, End: last }[event.key];
      if (event.key === "Escape") this.point(null);
      if (to === undefined) return;
      event.preventDefault();
      this.point(Math.min(Math.max(to, 0), last));
    }

    // Shows a row's numbers and says them.
    point(at) {
      this.at = at ?? undefined;
      const items = at === null ? [] : this.chart.data.datasets.map((_, datasetIndex) => ({ datasetIndex, index: at }));
      this.chart.setActiveElements(items);
      this.chart.tooltip.setActiveElements(items, { x: 0, y: 0 });
      this.chart.update();
      const heads = [...this.querySelector("table").tHead.rows[0].cells];
      const row = at === null ? [] : [...this.rows[at].cells];
      this.querySelector("[data-said]").textContent = row
        .map((cell, index) => (index ? `${heads[index].textContent.trim()} ${cell.textContent.trim()}` : cell.textContent.trim()))
        .join(", ");
    }
  },
);
