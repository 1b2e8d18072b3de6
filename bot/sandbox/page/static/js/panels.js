// On a narrow screen one part of the page is shown at a time. Skip links lead to a part on every screen.

export function buildPanels() {
  for (const opener of document.querySelectorAll(".panels button, .skips a")) {
    opener.addEventListener("click", (event) => {
      show(opener.dataset.panel);
      const place = opener.hash && document.querySelector(opener.hash);
      if (!place) return;
      event.preventDefault();
      (place.querySelector("textarea") ?? place).focus();
    });
  }
  show("slack");
}

function show(panel) {
  document.querySelector(".stage").dataset.panel = panel;
  for (const button of document.querySelectorAll(".panels button")) button.setAttribute("aria-pressed", button.dataset.panel === panel);
}
