// Does this bundle hold? The same questions as guantong.ledger.disclosure.check, asked in a
// browser without a server: docs/reference/ledger-format.md and ledger-tiles.md have the formats.
"use strict";
(() => {
  const HEAD = "c2sp.org/tlog-proof@v1";
  const BUNDLE = "guantong.bundle/v1";
  const KEY_MEDIA = "application/vnd.guantong.signing-key+json";
  const PAYLOAD = "application/vnd.guantong.statement+json";
  const LONGEST = 4_000_000;

  /** What does not hold; `part` names the sentence that says so. */
  class Refused extends Error {
    constructor(part) {
      super(part);
      this.part = part;
    }
  }
  const need = (holds, part) => {
    if (!holds) throw new Refused(part);
  };

  // Bytes

  const bytes = (text) => new TextEncoder().encode(text);
  const text = (raw, part) => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(raw);
    } catch {
      throw new Refused(part);
    }
  };
  const joined = (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  const same = (a, b) => a.length === b.length && a.every((value, at) => value === b[at]);
  const hex = (raw) => Array.from(raw, (value) => value.toString(16).padStart(2, "0")).join("");
  const big = (number, width) => {
    const raw = new Uint8Array(width);
    for (let at = width - 1; at >= 0; at--, number = Math.floor(number / 256)) raw[at] = number % 256;
    return raw;
  };
  /** Standard base64 in its one spelling. */
  const unbase64 = (coded, part) => {
    need(typeof coded === "string", part);
    let plain;
    try {
      plain = atob(coded);
    } catch {
      throw new Refused(part);
    }
    need(btoa(plain) === coded, part);
    return Uint8Array.from(plain, (char) => char.charCodeAt(0));
  };
  const decimal = (given, part) => {
    need(/^(0|[1-9][0-9]{0,15})$/.test(given) && Number.isSafeInteger(Number(given)), part);
    return Number(given);
  };
  const json = (given, part) => {
    try {
      return JSON.parse(given);
    } catch {
      throw new Refused(part);
    }
  };
  const only = (value, wanted, maybe, part) => {
    need(value !== null && typeof value === "object" && !Array.isArray(value), part);
    const names = Object.keys(value);
    need(wanted.every((name) => names.includes(name)), part);
    need(names.every((name) => wanted.includes(name) || maybe.includes(name)), part);
  };

  // Hashes and signatures

  const hash = async (...parts) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
  const ZERO = Uint8Array.of(0);
  const ONE = Uint8Array.of(1);

  /** RFC 9162, section 2.1.3.2. */
  const climbed = async (leaf, index, size, hashes, part) => {
    need(index < size, part);
    let at = index;
    let last = size - 1;
    let reached = leaf;
    for (const other of hashes) {
      need(last > 0, part);
      if (at % 2 === 1 || at === last) {
        reached = await hash(ONE, other, reached);
        while (at % 2 === 0 && at !== 0) {
          at /= 2;
          last = Math.floor(last / 2);
        }
      } else {
        reached = await hash(ONE, reached, other);
      }
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
    need(last === 0, part);
    return reached;
  };

  const ed25519 = async (format, key, signature, said) => {
    const read = await crypto.subtle.importKey(format, key, "Ed25519", false, ["verify"]);
    return signature.length === 64 && crypto.subtle.verify("Ed25519", read, signature, said);
  };
  /** The two numbers of an ECDSA signature in DER, 32 bytes each. */
  const numbers = (der) => {
    need(der[0] === 0x30 && der[1] === der.length - 2, "signer");
    const found = [];
    let at = 2;
    for (let turn = 0; turn < 2; turn++) {
      const length = der[at + 1];
      need(der[at] === 0x02 && length > 0 && length < 34, "signer");
      let raw = der.slice(at + 2, at + 2 + length);
      need(raw.length === length && raw[0] < 0x80, "signer");
      if (raw.length > 1 && raw[0] === 0) {
        need(raw[1] >= 0x80, "signer");
        raw = raw.slice(1);
      }
      need(raw.length <= 32, "signer");
      found.push(joined(new Uint8Array(32 - raw.length), raw));
      at += 2 + length;
    }
    need(at === der.length, "signer");
    return joined(...found);
  };
  const p256 = async (spki, der, said) => {
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    const read = await crypto.subtle.importKey("spki", spki, curve, false, ["verify"]);
    return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, read, numbers(der), said);
  };
  const isEd25519 = (spki) => spki.length === 44 && hex(spki.slice(0, 12)) === "302a300506032b6570032100";

  // Notes, proofs, bundles

  /** A key as it is handed out: name+id+base64. */
  const vkey = async (given, type) => {
    const [name, id, ...rest] = given.trim().split("+");
    const raw = unbase64(rest.join("+"), "vkey");
    need(name && !/\s/u.test(name) && raw.length === 33 && raw[0] === type, "vkey");
    const own = (await hash(bytes(name), Uint8Array.of(10), raw)).slice(0, 4);
    need(hex(own) === (id ?? "").toLowerCase(), "vkey");
    return { name, id: own, raw: raw.slice(1), type };
  };

  const signedBy = async (key, body, signature) => {
    if (key.type === 1) return ed25519("raw", key.raw, signature, bytes(body));
    let time = 0;
    for (const value of signature.slice(0, 8)) time = time * 256 + value;
    if (!Number.isSafeInteger(time)) return false;
    const said = bytes(`cosignature/v1\ntime ${time}\n${body}`);
    return ed25519("raw", key.raw, signature.slice(8), said);
  };

  /** Size and root that the log signed, and every witness that was named. */
  const opened = async (note, log, witnesses) => {
    const end = note.lastIndexOf("\n\n");
    need(end > 0 && note.endsWith("\n") && end + 2 < note.length, "bundle");
    const body = note.slice(0, end + 1);
    const seen = new Set();
    for (const line of note.slice(end + 2, -1).split("\n")) {
      const [dash, name, coded, ...more] = line.split(" ");
      need(dash === "\u2014" && name && coded && more.length === 0, "bundle");
      const raw = unbase64(coded, "bundle");
      need(raw.length > 4, "bundle");
      for (const key of [log, ...witnesses]) {
        if (key.name !== name || !same(key.id, raw.slice(0, 4))) continue;
        need(await signedBy(key, body, raw.slice(4)), key === log ? "log" : "witness");
        seen.add(key);
      }
    }
    need(seen.has(log), "log");
    need(witnesses.every((key) => seen.has(key)), "witness");
    const [origin, size, root] = body.split("\n");
    need(origin === log.name, "log");
    return { origin, size: decimal(size, "log"), root: unbase64(root, "log") };
  };

  /** The entry of a proof that leads to the signed root. */
  const proved = async (given, log, witnesses) => {
    need(typeof given === "string", "bundle");
    const end = given.indexOf("\n\n");
    need(end > 0, "bundle");
    const [head, extra, place, ...coded] = given.slice(0, end).split("\n");
    need(head === HEAD && extra?.startsWith("extra ") && place?.startsWith("index "), "bundle");
    const state = await opened(given.slice(end + 2), log, witnesses);
    const entry = unbase64(extra.slice(6), "bundle");
    const index = decimal(place.slice(6), "bundle");
    const hashes = coded.map((line) => unbase64(line, "inclusion"));
    need(hashes.length <= 63 && hashes.every((one) => one.length === 32), "inclusion");
    const reached = await climbed(await hash(ZERO, entry), index, state.size, hashes, "inclusion");
    need(same(reached, state.root), "inclusion");
    return { index, state, said: json(text(entry, "inclusion"), "inclusion") };
  };

  /** One event of the document, and that the entry commits to it. */
  const shown = async (event, said) => {
    only(event, ["bytes", "form", "hashes", "index", "salt", "size"], [], "event");
    const { form, index, size } = event;
    need(/^(raw|canonical)(\+made)?$/.test(form), "event");
    need([index, size].every((one) => Number.isSafeInteger(one) && one >= 0), "event");
    need(size <= 2 ** 31 && Array.isArray(event.hashes) && event.hashes.length < 64, "event");
    const [raw, salt] = [unbase64(event.bytes, "event"), unbase64(event.salt, "event")];
    const hashes = event.hashes.map((one) => unbase64(one, "event"));
    need(salt.length === 16 && hashes.every((one) => one.length === 32), "event");
    const tree = await climbed(await hash(ZERO, salt, raw), index, size, hashes, "event");
    const tag = bytes(`guantong event root v1\n${form}\n`);
    need(said.root === hex(await hash(tag, big(size, 8), tree)), "event");
    const told = { text: text(raw, "event"), index, size };
    if (form.endsWith("+made")) {
      const alone = json(told.text, "event");
      if (typeof alone.made === "string") told.made = alone.time_ms;
    }
    return told;
  };

  /** The signer's key, if the party signed; its registration is in the log, before. */
  const signer = async (bundle, entry, log, witnesses) => {
    const { said } = entry;
    if (!said.sig) return null;
    const registered = await proved(bundle.key, log, witnesses);
    const { typ, media, meta } = registered.said;
    need(registered.index < entry.index && typ === "key" && media === KEY_MEDIA, "signer");
    need(meta?.party === said.by && meta.public, "signer");
    const spki = unbase64(meta.public, "signer");
    need(hex(await hash(spki)) === said.key, "signer");
    const [prev, root, seq] = [said.prev ?? "", said.root ?? "", said.seq ?? 0];
    const { by, doc, v } = said;
    const payload = bytes(
      JSON.stringify({ by, doc, media: said.media, prev, root, seq, typ: said.typ, v }),
    );
    const start = bytes(`DSSEv1 ${PAYLOAD.length} ${PAYLOAD} ${payload.length} `);
    const check = isEd25519(spki) ? (...all) => ed25519("spki", ...all) : p256;
    const holds = await check(spki, unbase64(said.sig, "signer"), joined(start, payload)).catch(
      () => false,
    );
    need(holds, "signer");
    return said.key;
  };

  const verified = async (given, log, witnesses) => {
    need(given.length <= LONGEST, "bundle");
    const bundle = json(given, "bundle");
    only(bundle, ["bundle", "entry"], ["event", "key"], "bundle");
    need(bundle.bundle === BUNDLE, "bundle");
    const entry = await proved(bundle.entry, log, witnesses);
    const event = bundle.event ? await shown(bundle.event, entry.said) : null;
    return { entry, event, key: await signer(bundle, entry, log, witnesses) };
  };

  /** Whether this browser can check at all: an old one, or one without a secure context, can not. */
  const able = async () => {
    try {
      const point = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 0x58 : 0x66));
      await crypto.subtle.importKey("raw", point, "Ed25519", false, ["verify"]);
      return true;
    } catch {
      return false;
    }
  };

  // The page

  const $ = (id) => document.getElementById(id);
  const row = (label, value) => {
    const line = document.createElement("div");
    const name = document.createElement("dt");
    const said = document.createElement("dd");
    name.textContent = $("words").dataset[label];
    said.textContent = value;
    line.append(name, said);
    return line;
  };
  const codes = (event) => {
    const read = json(event, "event");
    const lists = [[read.made], read.epcList, read.childEPCs, read.inputEPCList, read.outputEPCList, [read.parentID]];
    return lists.flatMap((list) => (Array.isArray(list) ? list : [])).filter(Boolean);
  };
  const laidOut = (event) => {
    try {
      return JSON.stringify(JSON.parse(event), null, 2);
    } catch {
      return event;
    }
  };

  const tell = (answer, part) => {
    for (const one of $("answers").children) one.hidden = one.dataset.answer !== answer;
    for (const one of $("why").children) one.hidden = one.dataset.part !== part;
    $("result").hidden = false;
    $("result").dataset.answer = answer;
    $("found").hidden = answer !== "signed" && answer !== "gateway";
  };
  const show = ({ entry, event, key }) => {
    const { said, state, index } = entry;
    const rows = [row("by", said.by), row("received", new Date(said.received).toISOString())];
    if (key) rows.push(row("key", `${key.slice(0, 16)}…`), row("seq", said.seq));
    rows.push(row("entry", `${index} / ${state.size}`), row("log", state.origin));
    if (event?.made) rows.push(row("made", new Date(event.made).toISOString()));
    else if (event) rows.push(row("place", `${event.index + 1} / ${event.size}`));
    $("facts").replaceChildren(...rows);
    $("event").hidden = !event;
    if (event) {
      const list = codes(event.text).map((code) => {
        const line = document.createElement("li");
        line.append(Object.assign(document.createElement("code"), { textContent: code }));
        return line;
      });
      $("codes").replaceChildren(...list);
      $("text").textContent = laidOut(event.text);
    }
    tell(key ? "signed" : "gateway", "");
  };

  const run = async () => {
    try {
      if (!(await able())) {
        tell("unable", "");
        return;
      }
      const lines = $("witnesses").value.split("\n").filter((line) => line.trim());
      const log = await vkey($("vkey").value, 1);
      const witnesses = await Promise.all(lines.map((line) => vkey(line, 4)));
      show(await verified($("bundle").value.trim(), log, witnesses));
    } catch (error) {
      tell("refused", error instanceof Refused ? error.part : "bundle");
    }
  };
  const runAndGoThere = async () => {
    await run();
    $("result").focus();
  };

  const start = async () => {
    $("form").addEventListener("submit", (event) => {
      event.preventDefault();
      runAndGoThere();
    });
    $("file").addEventListener("change", async () => {
      const [file] = $("file").files;
      if (!file) return;
      $("bundle").value = file.size > LONGEST ? "" : await file.text();
      runAndGoThere();
    });
    if ($("switch")) $("switch").hidden = location.protocol === "file:";
    if (!(await able())) tell("unable", "");
    else if ($("bundle").value.trim()) run();
  };
  start();
})();
