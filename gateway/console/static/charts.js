// Draws each `figure.chart` from the JSON beside it. The same figures stand in a table below, so a chart is never all there is.

const drawn = new Map();

const formats = {
  count: (value, language) => new Intl.NumberFormat(language, { maximumFractionDigits: 1, notation: value >= 1e5 ? "compact" : "standard" }).format(value),
  money: (value, language) => new Intl.NumberFormat(language, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", maximumSignificantDigits: 3 }).format(value / 1e9),
  seconds: (value) => (value < 1 ? `${+(value * 1000).toPrecision(3)} ms` : `${+value.toPrecision(3)} s`),
  share: (value) => `${+(value * 100).toPrecision(3)}%`,
};

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function draw(figure) {
  const place = figure.querySelector(".plot");
  const told = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
  drawn.get(figure)?.destroy();
  place.replaceChildren();
  const language = document.documentElement.lang;
  const zone = document.documentElement.dataset.zone;
  const format = (value) => (value == null ? "—" : formats[told.unit](value, language));
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = { stroke: colour("--quiet"), grid, ticks: grid, font: "11px system-ui, sans-serif" };
  const clock = new Intl.DateTimeFormat(language, { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(language, { timeZone: zone, month: "short", day: "numeric" });
  const times = (_, marks) => marks.map((at) => {
    const hour = clock.format(at * 1000);
    return hour === "00:00" ? day.format(at * 1000) : hour;
  });
  const lines = ["--chart-1", "--chart-2", "--chart-3", "--chart-4", "--chart-5", "--chart-6"].map(colour);
  const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3], [1, 2], [10, 4]];
  const plot = new uPlot({
    width: place.clientWidth || 480,
    height: 180,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
    cursor: { y: false, points: { size: 6 } },
    legend: { live: true },
    scales: { y: { range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [{ ...axis, size: 28, values: times }, { ...axis, size: 64, values: (_, marks) => marks.map(format) }],
    series: [
      { label: told.time, value: (_, at) => (at == null ? "—" : new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: "medium", timeStyle: "short" }).format(at * 1000)) },
      ...told.series.map((one, index) => ({
        label: one.name,
        stroke: lines[index % lines.length],
        dash: dashes[index % dashes.length],
        fill: told.series.length === 1 ? colour("--chart-fill") : undefined,
        width: 1.5,
        points: { show: told.x.length < 3 },
        value: (_, value) => format(value),
      })),
    ],
  }, [told.x, ...told.series.map((one) => one.values)], place);
  drawn.set(figure, plot);
}

function drawAll() {
  for (const figure of [...drawn.keys()]) {
    if (!figure.isConnected) {
      drawn.get(figure).destroy();
      drawn.delete(figure);
    }
  }
  if (typeof uPlot === "undefined") return;
  for (const figure of document.querySelectorAll("figure.chart")) draw(figure);
}

let waiting = 0;
function again() {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(drawAll);
}

addEventListener("resize", again);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.querySelector?.("figure.chart")) again();
});
again();
