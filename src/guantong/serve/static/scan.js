// The ways in beside typing: a camera, a picture, and a scanner that goes on while the server is away.
// Without this script every page works: a scanner gun is a keyboard, and forms are forms.
"use strict";
(() => {
  const box = document.querySelector("[data-scan]");
  if (!box) return;
  const field = document.getElementById(box.dataset.scan);
  const form = field.form;
  const many = field.tagName === "TEXTAREA";
  const say = (text) => { box.querySelector("[role=status]").textContent = text; };
  const AGAIN_MS = 2500; // the same code within this time is the same sight of it
  const FORMATS = ["QRCode", "DataMatrix", "EANUPC", "Code128"];

  // ------------------------------------------------------------------ reading symbols

  let reader = null;
  const load = () => {
    reader ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = box.dataset.reader;
      script.onload = () => {
        ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => box.dataset.wasm } });
        resolve(ZXingWASM);
      };
      script.onerror = () => { reader = null; reject(new Error("reader")); };
      document.head.append(script);
    });
    return reader;
  };
  const read = async (image) => {
    const zxing = await load();
    const found = await zxing.readBarcodes(image, { formats: FORMATS, textMode: "HRI", maxNumberOfSymbols: 8 });
    return found.filter((one) => one.isValid).map((one) => one.text);
  };

  // ------------------------------------------------------------------ what is done with a code

  let audio = null;
  const signal = (good) => {
    navigator.vibrate?.(good ? 60 : [60, 60, 60]);
    audio ??= new AudioContext();
    const tone = audio.createOscillator();
    tone.frequency.value = good ? 1400 : 400;
    tone.connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.08);
  };
  const lines = () => field.value.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  const seen = new Map();
  const take = (text) => {
    const now = performance.now();
    if (now - (seen.get(text) ?? -AGAIN_MS) < AGAIN_MS) { seen.set(text, now); return; }
    seen.set(text, now);
    if (!many) {
      signal(true);
      field.value = text;
      form.requestSubmit();
      return;
    }
    const before = lines();
    const known = before.includes(text);
    signal(!known);
    if (!known) field.value = [...before, text].join("\n") + "\n";
    say((known ? box.dataset.twice : box.dataset.taken).replace("{code}", text).replace("{count}", lines().length));
  };

  // ------------------------------------------------------------------ camera and picture

  const camera = box.querySelector("[data-camera]");
  const video = box.querySelector("video");
  let stream = null;
  const close = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = true;
    camera.textContent = box.dataset.open;
  };
  const look = async () => {
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    while (stream) {
      if (video.videoWidth) {
        canvas.width = video.videoWidth;
        canvas.height = video.videoHeight;
        pen.drawImage(video, 0, 0);
        const texts = await read(pen.getImageData(0, 0, canvas.width, canvas.height));
        texts.forEach(take);
        if (texts.length && !many) close();
      }
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
  };
  camera.addEventListener("click", async () => {
    if (stream) { close(); return; }
    try {
      say(box.dataset.loading);
      await load();
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    } catch {
      say(box.dataset.none);
      return;
    }
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    camera.textContent = box.dataset.close;
    say(box.dataset.aim);
    look();
  });
  const picture = box.querySelector("[data-picture]");
  picture.addEventListener("change", async () => {
    const file = picture.files[0];
    if (!file) return;
    say(box.dataset.loading);
    try {
      const texts = await read(file);
      say(texts.length ? "" : box.dataset.unread);
      texts.slice(0, many ? texts.length : 1).forEach(take);
    } catch {
      say(box.dataset.unread);
    }
    picture.value = "";
  });
  camera.hidden = !navigator.mediaDevices?.getUserMedia;
  box.hidden = false;

  // ------------------------------------------------------------------ a queue over a server that is away

  const queueBox = document.querySelector("[data-queue]");
  if (!queueBox) return;
  const name = `guantong.queue.${queueBox.dataset.queue}`;
  const waiting = () => JSON.parse(localStorage.getItem(name) ?? "[]");
  const keep = (list) => localStorage.setItem(name, JSON.stringify(list));
  const told = (text, link) => {
    const line = document.createElement("li");
    line.textContent = text;
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link;
      anchor.textContent = link;
      line.append(" ", anchor);
    }
    queueBox.querySelector("ul").prepend(line);
    queueBox.hidden = false;
  };
  const count = () => {
    const number = waiting().length;
    queueBox.querySelector("[data-waiting]").textContent = number ? queueBox.dataset.waitingText.replace("{count}", number) : "";
    if (number) queueBox.hidden = false;
  };
  // So that this very form opens while the server is away; signing out forgets it.
  const files = () => performance.getEntriesByType("resource").map((one) => one.name).filter((name) => name.includes("/static/"));
  navigator.serviceWorker
    ?.register("/offline.js")
    .then(() => navigator.serviceWorker.ready)
    .then((worker) => worker.active.postMessage(files()))
    .catch(() => {});
  document.querySelector('form[action="/logout"]')?.addEventListener("submit", () => {
    navigator.serviceWorker?.controller?.postMessage("forget");
  });
  let sending = false;
  const flush = async () => {
    if (sending) return;
    sending = true;
    try {
      while (waiting().length) {
        const [first, ...rest] = waiting();
        const body = new URLSearchParams(first);
        body.set("csrf", form.elements.csrf.value);
        const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
        if (answer.status === 401) { told(queueBox.dataset.signIn, "/login?next=/desk/moves"); return; }
        if (answer.status === 429 || answer.status >= 500) return;
        const said = await answer.json();
        say("");
        keep(rest);
        const codes = body.get("codes").split("\n").filter(Boolean).length;
        if (answer.ok) {
          told(queueBox.dataset.entered.replace("{count}", codes), `/desk/entry/${said.ledger_index}`);
        } else {
          signal(false);
          const why = said.errors.map((one) => `${one.path} ${document.documentElement.lang === "en" ? one.en : one.zh} (${one.got})`);
          told(`${queueBox.dataset.refused} ${why.join("; ")} — ${body.get("codes").replaceAll("\n", " ")}`);
        }
      }
    } catch {
      say(queueBox.dataset.away);
    } finally {
      sending = false;
      count();
    }
  };
  // The server's clock goes on from when the form was last fetched: a telephone's may be anywhere.
  if (!("kept" in queueBox.dataset)) localStorage.setItem(`${name}.ahead`, Number(queueBox.dataset.now) - Date.now());
  const ahead = Number(localStorage.getItem(`${name}.ahead`));
  const at = () => {
    const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" });
    return parts.format(new Date(Date.now() + ahead));
  };
  form.addEventListener("submit", (event) => {
    if (event.submitter?.value !== "enter" || !form.reportValidity()) return;
    event.preventDefault();
    if (!lines().length && !form.elements.first.value) return;
    const body = new URLSearchParams(new FormData(form));
    body.delete("csrf");
    body.set("what", "enter");
    if (form.elements.at.value === form.elements.at.defaultValue) body.set("at", at());
    keep([...waiting(), body.toString()]);
    field.value = "";
    seen.clear();
    field.focus();
    count();
    flush();
  });
  addEventListener("online", flush);
  setInterval(flush, 4000);
  count();
  flush();
})();
