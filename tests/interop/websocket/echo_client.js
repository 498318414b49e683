// echo_client.js PORT - npm ws as client of our echo server; the list of echo_cases.h.
"use strict";
const WebSocket = require("ws");
const assert = require("assert");

const sizes = [0, 1, 2, 124, 125, 126, 127, 128, 1000, 65534, 65535, 65536, 65537, 200000, 1048576];
const characters = Buffer.from("aä€😀");

function message(number) {
  const text = number < sizes.length;
  const bytes = Buffer.alloc(sizes[number % sizes.length], "x");
  for (let i = 0; i < bytes.length; i++) if (!text) bytes[i] = (i * 31) & 255;
  for (let i = 0; text && i + 10 <= bytes.length; i += 10) characters.copy(bytes, i);
  return { text, bytes };
}

const socket = new WebSocket(`ws://127.0.0.1:${process.argv[2]}/`);
let number = 0;
let pongs = 0;

function send() {
  if (number === 2 * sizes.length) return socket.close(4321, "enough");
  const { text, bytes } = message(number);
  socket.ping("how are you");
  if (number % 3 !== 2) return socket.send(bytes, { binary: !text });
  const third = Math.floor(bytes.length / 3);
  socket.send(bytes.subarray(0, third), { binary: !text, fin: false });
  socket.ping("between");
  socket.send(bytes.subarray(third, 2 * third), { binary: !text, fin: false });
  socket.send(bytes.subarray(2 * third), { binary: !text, fin: true });
}

socket.on("open", send);
socket.on("pong", (data) => {
  assert(["how are you", "between"].includes(data.toString()));
  pongs++;
});
socket.on("message", (data, isBinary) => {
  const expected = message(number);
  assert.strictEqual(isBinary, !expected.text);
  assert(data.equals(expected.bytes));
  number++;
  send();
});
socket.on("close", (code) => {
  assert.strictEqual(code, 4321);
  assert.strictEqual(number, 2 * sizes.length);
  assert.strictEqual(pongs, 2 * sizes.length + Math.floor((2 * sizes.length) / 3));
  console.log(`${number} messages came back`);
});
