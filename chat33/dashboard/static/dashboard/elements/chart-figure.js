// <chart-figure data-kind="line" data-library="…">: draws the table inside it; the table stays, for who reads or copies.
let loading;
const library = (address) =>
  (loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", () => resolve(window.Chart));
    script.addEventListener("error", reject);
    document.head.append(script);
  }));

customElements.define(
  "chart-figure",
  class extends HTMLElement {
    async connectedCallback() {
      const Chart = await library(this.dataset.library);
      if (!this.isConnected) return;
      this.scheme = matchMedia("(prefers-color-scheme: dark)");
      this.redraw = () => this.draw(Chart);
      this.scheme.addEventListener("change", this.redraw);
      this.draw(Chart);
    }

    disconnectedCallback() {
      this.scheme?.removeEventListener("change", this.redraw);
      this.chart?.destroy();
    }

    color(name) {
      const probe = document.createElement("i");
      probe.style.color = `var(${name})`;
      this.append(probe);
      const found = getComputedStyle(probe).color;
      probe.remove();
      return found;
    }

    draw(Chart) {
      this.chart?.destroy();
      const table = this.querySelector("table");
      const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
      const rows = [...table.tBodies[0].rows];
      const number = (cell) => Number(cell.dataset.value ?? cell.textContent.replace(/[^\d.-]/g, ""));
      const canvas = this.querySelector("canvas");
      const line = this.color("--line");
      const soft = this.color("--text-soft");
      this.chart = new Chart(canvas, {
        type: this.dataset.kind || "line",
        data: {
          labels: rows.map((row) => row.cells[0].textContent.trim()),
          datasets: names.map((label, index) => ({
            label,
            data: rows.map((row) => number(row.cells[index + 1])),
            borderColor: this.color(`--chart-${(index % 5) + 1}`),
            backgroundColor: this.color(`--chart-${(index % 5) + 1}`),
            borderWidth: 2,
            pointRadius: rows.length > 40 ? 0 : 2,
            tension: 0.25,
          })),
        },
        options: {
          animation: false,
          maintainAspectRatio: false,
          interaction: { mode: "index", intersect: false },
          plugins: { legend: { display: names.length > 1, labels: { color: soft, boxWidth: 12 } } },
          scales: {
            x: { ticks: { color: soft, maxRotation: 0, autoSkipPadding: 16 }, grid: { display: false } },
            y: { beginAtZero: true, ticks: { color: soft, precision: 0 }, grid: { color: line } },
          },
        },
      });
    }
  },
);
