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

// What comes by polling says how many new rows it has, and only when there are some.
document.addEventListener("htmx:afterSettle", (event) => {
  const news = event.target.querySelector?.("[data-say]");
  if (news) say(news.dataset.say);
});

tellZone();
