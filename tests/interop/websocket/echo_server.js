// echo_server.js - npm ws as echo server for our client: prints its port, ends with its first client.
// It offers compression, which our client does not ask for; and pings now and then.
"use strict";
const { WebSocketServer } = require("ws");
const assert = require("assert");

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: true }, () => console.log(server.address().port));
server.on("connection", (socket) => {
  let pings = 0;
  let pongs = 0;
  socket.on("pong", () => pongs++);
  socket.on("message", (data, isBinary) => {
    socket.ping(`ping ${pings++}`);
    const half = data.length >> 1;
    if (pings % 2) return socket.send(data, { binary: isBinary });
    socket.send(data.subarray(0, half), { binary: isBinary, fin: false });
    socket.send(data.subarray(half), { binary: isBinary, fin: true });
  });
  socket.on("close", (code, reason) => {
    assert.strictEqual(code, 4321);
    assert.strictEqual(reason.toString(), "enough");
    assert(pings > 0 && pongs === pings);
    server.close();
  });
});
