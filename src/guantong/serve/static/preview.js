// Draws the label anew while its form is typed in; without this the button does it.
"use strict";
(() => {
  const form = document.getElementById("drawn");
  const image = document.getElementById("drawing");
  const wrong = document.getElementById("drawing-wrong");
  if (!form || !image || !wrong) return;
  let turn = 0;
  let waiting = 0;

  const draw = async () => {
    const own = ++turn;
    let told;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
      });
      told = await answer.json();
    } catch {
      return; // the server is away: the button says so
    }
    if (own !== turn) return;
    const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
    wrong.textContent = (told.faults || [])
      .map((one) => `${one[language]} ${one.path} ${one.expected}`)
      .join(" ");
    if (told.image) {
      image.src = told.image;
      image.hidden = false;
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(draw, 200);
  });
  draw();
})();
