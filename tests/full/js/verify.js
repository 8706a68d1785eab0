// Verifies offline proofs of a log written by guantong with @sigstore/verify, which knows nothing
// of it: the log's signature on the checkpoint, then the way from the entry to the root.
//
//	node verify.js MODULES VKEY FILE...   "ok: …" or "refused: …" for each file
"use strict";
const { createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const [modules, vkey, ...names] = process.argv.slice(2);
const theirs = join(modules, "@sigstore", "verify", "dist", "tlog");
const { verifyCheckpoint } = require(join(theirs, "checkpoint.js"));
const { verifyMerkleInclusion } = require(join(theirs, "merkle.js"));

/** The log as that package knows one: key id, name, public key. */
function log(text) {
  const [, name, id, coded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text.trim());
  const raw = Buffer.from(coded, "base64");
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw.subarray(1)]);
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
  return { logID: Buffer.from(id, "hex"), baseURL: name, publicKey, validFor: {} };
}

/** A proof as that package takes one. */
function entry(text) {
  const at = text.indexOf("\n\n");
  const [, extra, index, ...hashes] = text.slice(0, at).split("\n");
  return {
    canonicalizedBody: Buffer.from(extra.replace(/^extra /, ""), "base64"),
    inclusionProof: {
      logIndex: index.replace(/^index /, ""),
      hashes: hashes.map((hash) => Buffer.from(hash, "base64")),
      checkpoint: { envelope: text.slice(at + 2) },
    },
  };
}

for (const name of names) {
  try {
    const shown = entry(readFileSync(name, "utf8"));
    const stated = verifyCheckpoint(shown, [log(vkey)]);
    verifyMerkleInclusion(shown, stated);
    console.log(`ok: entry ${shown.inclusionProof.logIndex} of ${stated.logSize}`);
  } catch (error) {
    console.log(`refused: ${error.message}`);
  }
}
