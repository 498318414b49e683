/*
 * hub_server.js CERT KEY READY: a SignalR server that is not ours, as a gateway for one client.
 *
 * The hub protocol (handshake, records, invocations, completions, pings) is @fakehost/signalr's FakeSignalrHub, the WebSocket npm ws's, TLS and
 * HTTP node's.  Ours is only what ties them together, and REST answers that say that nothing is there.
 *
 * Each SubscribeOrders is answered by an order with the next id.  Its connection is cut a second after the first has been sent.
 */
"use strict";
const fs = require("fs");
const https = require("https");
const { WebSocketServer } = require("ws");
const { FakeSignalrHub } = require("@fakehost/signalr");

const [cert, key, ready] = process.argv.slice(2);
const listeners = { connection: [], disconnection: [], message: [] };
const host = { on: (name, listener) => listeners[name].push(listener), disconnect: () => {} };
const tell = (name, event) => listeners[name].forEach((listener) => listener(event));

function hub(path, receivers) {
  const made = new FakeSignalrHub(path, receivers);
  made.setHost(host);
  return made;
}

const user = hub("/hubs/user", { GatewayUserOrder: true, GatewayUserAccount: true });
const market = hub("/hubs/market", { GatewayQuote: true });
let orders = 0;
let userSocket = null;
let connections = 0;

user.register("SubscribeAccounts", () => null);
user.register("SubscribePositions", () => null);
user.register("SubscribeTrades", () => null);
user.register("SubscribeOrders", function (accountId) {
  const caller = this.Clients.Caller;
  const id = 7000 + ++orders;
  const socket = userSocket;
  setTimeout(() => {
    caller.GatewayUserOrder({ action: 1, data: { id, accountId, contractId: "CON.F.US.MNQ.U26", symbolId: "F.US.MNQ",
    creationTimestamp: new Date().toISOString(), updateTimestamp: new Date().toISOString(), status: 1, type: 1, side: 0, size: 1,
    limitPrice: 20000.25, fillVolume: 0 } });
    if (id === 7001) setTimeout(() => socket.terminate(), 1000);
  }, 300);
  return null;
});
market.register("SubscribeContractQuotes", function (contract) {
  const caller = this.Clients.Caller;
  setTimeout(() => caller.GatewayQuote(contract, { symbol: "F.US.MNQ", lastPrice: 21000.25, bestBid: 21000.25, bestAsk: 21000.5,
    lastUpdated: new Date().toISOString() }), 50);
  return null;
});
market.register("UnsubscribeContractQuotes", () => null);

function answer(path) {
  const envelope = { success: true, errorCode: 0, errorMessage: null };
  if (path === "/api/Auth/loginKey") return { token: "foreign-token", ...envelope };
  if (path === "/api/Account/search") return { accounts: [{ id: 1, name: "PRAC-1", balance: 50000, canTrade: true, simulated: true }], ...envelope };
  if (path === "/api/Position/searchOpen") return { positions: [], ...envelope };
  if (path === "/api/Order/v2/query") return { orders: [], totalCount: 0, ...envelope };
  if (path === "/api/Trade/search") return { trades: [], ...envelope };
  return envelope;
}

const server = https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, (request, response) => {
  request.resume().on("end", () => {
    const ping = request.url === "/api/Status/ping";
    response.setHeader("Content-Type", ping ? "text/plain" : "application/json");
    response.end(ping ? "pong" : JSON.stringify(answer(request.url)));
  });
});

new WebSocketServer({ server }).on("connection", (socket, request) => {
  const url = new URL(request.url, "wss://localhost");
  if (url.searchParams.get("access_token") !== "foreign-token") {
    socket.close(1008, "no token");
    return;
  }
  const connection = { id: String(++connections), url, write: (data) => socket.send(data), close: ({ code, reason }) => socket.close(code, reason) };
  socket.on("message", (message) => tell("message", { connection, message }));
  socket.on("close", () => tell("disconnection", { connection }));
  tell("connection", { connection });
  if (url.pathname === "/hubs/user") userSocket = socket;
});

server.listen(0, "127.0.0.1", () => {
  fs.writeFileSync(ready + ".new", String(server.address().port));
  fs.renameSync(ready + ".new", ready);
});
process.stdin.resume().on("end", () => process.exit(0));
