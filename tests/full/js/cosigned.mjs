// Does a cosignature with ML-DSA-44 hold? node cosigned.mjs NODE_MODULES VKEY NOTE...
// Prints a line for each note: "ok: TIME" or "refused: WHY". Written from C2SP tlog-cosignature and
// signed-note alone, over @noble/post-quantum; nothing of the project is used.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, vkey, ...files] = process.argv.slice(2);
const at = pathToFileURL(`${modules}/@noble/post-quantum/ml-dsa.js`);
const { ml_dsa44 } = await import(at);

const number = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

const short = (text) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);

const cut = vkey.split("+");
const name = cut[0];
const coded = Buffer.from(cut.slice(2).join("+"), "base64");
const id = createHash("sha256").update(`${name}\n`).update(coded).digest().subarray(0, 4);

const check = (note) => {
  const end = note.lastIndexOf("\n\n");
  const [origin, size, root] = note.slice(0, end).split("\n");
  for (const line of note.slice(end + 2).split("\n")) {
    const [, by, text] = line.split(" ");
    const raw = Buffer.from(text ?? "", "base64");
    if (by !== name || !raw.subarray(0, 4).equals(id)) continue;
    const time = raw.readBigUInt64BE(4);
    const said = Buffer.concat([
      Buffer.from("subtree/v1\n\0"), short(name), number(time), short(origin),
      number(0), number(size), Buffer.from(root, "base64"),
    ]);
    return ml_dsa44.verify(raw.subarray(12), said, coded.subarray(1)) ? `ok: ${time}` : "refused: signature";
  }
  return "refused: no such line";
};

for (const file of files) {
  let told;
  try {
    told = check(readFileSync(file, "utf8"));
  } catch (error) {
    told = `refused: ${error.message}`;
  }
  console.log(told);
}
