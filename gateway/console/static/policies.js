// Line numbers beside a draft, and the way from a mistake to its place.

const text = document.getElementById("text");
const gutter = document.getElementById("gutter");
const verdict = document.getElementById("verdict");

function number() {
  const wrong = new Set([...verdict.querySelectorAll("[data-line]")].map((one) => Number(one.dataset.line)));
  const count = text.value.split("\n").length;
  gutter.replaceChildren(...Array.from({ length: count }, (_, at) => {
    const line = document.createElement(wrong.has(at + 1) ? "b" : "span");
    line.textContent = `${at + 1}\n`;
    return line;
  }));
  gutter.scrollTop = text.scrollTop;
}

function lead(button) {
  const lines = text.value.split("\n");
  const line = Math.min(Number(button.dataset.line), lines.length);
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const at = before + Math.max(0, Number(button.dataset.column) - 1);
  text.focus();
  text.setSelectionRange(at, before + lines[line - 1].length);
  text.scrollTop = Math.max(0, (line - 4) * text.scrollHeight / lines.length);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-line]");
  if (button) lead(button);
});
text.addEventListener("input", number);
text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
verdict.addEventListener("htmx:afterSwap", number);
number();
