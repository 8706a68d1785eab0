// Keeps the form of a scanner and what it needs, so that it opens while the server is away.
// What is entered meanwhile waits in the queue of the form; nothing else is answered from here.
"use strict";
const KEPT = "guantong-offline-1";
const FORM = "/desk/moves";

const isKept = (url) => url.pathname.startsWith("/static/") && url.searchParams.has("v");
const kept = () => caches.open(KEPT);
const put = async (request, answer) => {
  await (await kept()).put(request, answer.clone());
  return answer;
};

// The kept form says that it is one: its clock is that of another hour.
const marked = async (answer) => {
  const text = (await answer.text()).replace("data-queue=", "data-kept data-queue=");
  return new Response(text, { status: answer.status, headers: answer.headers });
};
const form = async (request) => {
  try {
    const answer = await fetch(request);
    // A form of somebody who is signed in, and nothing it was led on to.
    return answer.ok && !answer.redirected ? await put(FORM, answer) : answer;
  } catch (away) {
    const answer = await caches.match(FORM);
    if (answer) return marked(answer);
    throw away;
  }
};
const file = async (request) => (await caches.match(request)) ?? put(request, await fetch(request));
const keep = async (addresses) => {
  for (const address of addresses) {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (answer.ok && !answer.redirected) await put(address, answer);
  }
};

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", (event) => {
  const work = event.data === "forget" ? caches.delete(KEPT) : keep([FORM, ...event.data]);
  event.waitUntil(work.catch(() => {}));
});
addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === FORM) event.respondWith(form(event.request));
  else if (isKept(url)) event.respondWith(file(event.request));
});
