// What the pages do beyond what forms and links do. Every page is complete without it.

const root = document.documentElement;
const said = document.getElementById("said");

function say(words) {
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = words; });
}

// The server writes times, so it has to know where the reader is. It is told once, and the page is written anew.
function tellZone() {
  if (!root.hasAttribute("data-zone-unknown")) return;
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  document.cookie = `haechi_zone=${zone}; path=${root.dataset.base}/; max-age=31536000; samesite=strict`;
  if (zone !== root.dataset.zone && document.cookie.includes("haechi_zone=")) location.reload();
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const code = button.parentElement.querySelector("code");
    if (code) getSelection().selectAllChildren(code);
    return;
  }
  say(said.dataset.copied);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

// A field or list whose form is sent when it changes.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-sends]")) event.target.form.requestSubmit();
});

// The live tail: the server is asked every second, unless it is paused or nobody looks. What came is said at most every five seconds.
const tailing = document.getElementById("tailing");

function isPaused() {
  return document.hidden || Boolean(tailing?.classList.contains("paused"));
}

tailing?.querySelector("[data-pause]").addEventListener("click", (event) => {
  const button = event.currentTarget;
  const paused = tailing.classList.toggle("paused");
  button.setAttribute("aria-pressed", String(paused));
  button.textContent = paused ? button.dataset.resumeWords : button.dataset.pauseWords;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.matches("[data-tail]") && isPaused()) event.preventDefault();
});

let told = 0;
document.addEventListener("htmx:afterSettle", (event) => {
  const words = event.detail.elt?.dataset?.say;
  if (words && Date.now() - told > 5000) {
    told = Date.now();
    say(words);
  }
});

tellZone();
