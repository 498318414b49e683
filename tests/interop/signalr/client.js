// The simulated gateway against Microsoft's own SignalR client, over TLS, with and without negotiation (gateway.md 4).
// usage: client.js BASE_URL USER KEY_FILE ACCOUNT      the CA comes by NODE_EXTRA_CA_CERTS
"use strict";
const assert = require("assert");
const fs = require("fs");
const signalR = require("@microsoft/signalr");

const [base, user, keyFile, accountText] = process.argv.slice(2);
const account = Number(accountText);
const WAIT_MS = 60000;

async function post(path, body, token) {
  const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.strictEqual(answer.status, 200, `${path}: ${answer.status}`);
  return answer.json();
}

async function call(path, body, token) {
  const answer = await post(path, body, token);
  assert.ok(answer.success, `${path}: ${JSON.stringify(answer)}`);
  return answer;
}

function connection(hub, token, skipNegotiation) {
  return new signalR.HubConnectionBuilder()
    .withUrl(`${base}/hubs/${hub}`, {
      accessTokenFactory: () => token,
      transport: signalR.HttpTransportType.WebSockets,
      skipNegotiation,
    })
    .configureLogging(signalR.LogLevel.None)
    .build();
}

// Everything a connection was told, and a way to wait for something among it.
function listen(hub, ...targets) {
  const seen = [];
  const waiting = new Set();
  for (const target of targets) {
    hub.on(target, (...args) => {
      seen.push({ target, args });
      for (const look of waiting) look();
    });
  }
  const until = (what, test) => new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${what}; seen: ${JSON.stringify(seen)}`)), WAIT_MS);
    const look = () => {
      const found = seen.find(test);
      if (!found) return;
      clearTimeout(timer);
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
  });
  return { seen, until };
}

// A market order fills some milliseconds after its answer (gateway.md 2.8), a close too.
async function flatten(token, contract) {
  const end = Date.now() + WAIT_MS;
  const open = async () => (await call("/api/Position/searchOpen", { accountId: account }, token)).positions.length;
  for (const wanted of [1, 0]) {
    while ((await open()) !== wanted) assert.ok(Date.now() < end, `still not ${wanted} positions`);
    if (wanted === 1) await call("/api/Position/closeContract", { accountId: account, contractId: contract.id }, token);
  }
}

async function userHub(token, contract, skipNegotiation) {
  const hub = connection("user", token, skipNegotiation);
  const { seen, until } = listen(hub, "GatewayUserAccount", "GatewayUserOrder", "GatewayUserPosition", "GatewayUserTrade");
  const data = (target, test) => (e) => e.target === target && test(e.args[0].data, e.args[0].action);
  await hub.start();
  await hub.invoke("SubscribeAccounts");
  for (const what of ["Orders", "Positions", "Trades"]) await hub.invoke(`Subscribe${what}`, account);
  for (const wrong of [["SubscribeAccounts", account], ["SubscribeOrders"], ["SubscribeOrders", "x"], ["SubscribeToOrders", account]]) {
    await assert.rejects(hub.invoke(...wrong), /error/i, `${wrong} was accepted`);
  }

  const placed = await call("/api/Order/place", { accountId: account, contractId: contract.id, type: 2, side: 0, size: 2 }, token);
  await until("pending order", data("GatewayUserOrder", (o) => o.id === placed.orderId && o.status === 6));
  const filled = await until("filled order", data("GatewayUserOrder", (o) => o.id === placed.orderId && o.status === 2));
  assert.ok(!("limitPrice" in filled.args[0].data), "the stream leaves nulls out (gateway.md 4.5)");
  await until("opening trade", data("GatewayUserTrade", (t, action) => t.orderId === placed.orderId && action === 0 && !("profitAndLoss" in t)));
  const open = await until("position", data("GatewayUserPosition", (p, action) => p.size === 2 && p.type === 1 && action === 1));

  await call("/api/Position/closeContract", { accountId: account, contractId: contract.id }, token);
  const flat = await until("flat position", data("GatewayUserPosition", (p, action) => p.size === 0 && p.type === 0 && action === 2));
  assert.strictEqual(flat.args[0].data.id, open.args[0].data.id);
  assert.strictEqual(flat.args[0].data.averagePrice, open.args[0].data.averagePrice);
  await until("closing trade", data("GatewayUserTrade", (t) => "profitAndLoss" in t && t.fees > 0 && t.side === 1));
  await until("account", data("GatewayUserAccount", (a) => a.id === account && a.balance < 1e9));

  for (const what of ["Orders", "Positions", "Trades"]) await hub.invoke(`Unsubscribe${what}`, account);
  const silent = await call("/api/Order/place", { accountId: account, contractId: contract.id, type: 2, side: 0, size: 1 }, token);
  await flatten(token, contract);
  await hub.invoke("SubscribeOrders", account); // Its completion comes after everything said before it.
  assert.ok(!seen.some((e) => e.target === "GatewayUserOrder" && e.args[0].data.id === silent.orderId), "still subscribed");
  await hub.stop();
}

async function marketHub(token, contract, skipNegotiation) {
  const hub = connection("market", token, skipNegotiation);
  const { seen, until } = listen(hub, "GatewayQuote", "GatewayTrade", "GatewayDepth");
  await hub.start();
  await assert.rejects(hub.invoke("SubscribeOrders", account), /error/i, "a method of the other hub");
  for (const what of ["Quotes", "Trades", "MarketDepth"]) await hub.invoke(`SubscribeContract${what}`, contract.id);
  const first = await until("quote", (e) => e.target === "GatewayQuote" && e.args[0] === contract.id);
  for (const key of ["symbol", "lastPrice", "bestBid", "bestAsk", "open", "high", "low", "lastUpdated"]) {
    assert.ok(key in first.args[1], `the first quote is whole, but ${key} is missing`);
  }
  const price = first.args[1].lastPrice + 8 * contract.tickSize;
  const count = seen.length;
  const moved = await fetch(base + "/sim/price", { method: "POST", body: JSON.stringify({ contractId: contract.id, price }) });
  assert.strictEqual(moved.status, 200);
  await until("moved quote", (e) => e.target === "GatewayQuote" && e.args[1].bestBid === price);
  await until("print", (e) => e.target === "GatewayTrade" && Array.isArray(e.args[1]) && e.args[1].some((p) => p && p.price === price));
  assert.ok(seen.length > count);
  await hub.stop();
}

async function main() {
  const apiKey = fs.readFileSync(keyFile, "utf8").trim();
  const { token } = await call("/api/Auth/loginKey", { userName: user, apiKey });
  const { contracts } = await call("/api/Contract/available", { live: false }, token);
  for (const skipNegotiation of [true, false]) {
    await userHub(token, contracts[0], skipNegotiation);
    await marketHub(token, contracts[0], skipNegotiation);
    await assert.rejects(connection("user", "not.a.token", skipNegotiation).start(), "a bad token was let in");
    console.log(skipNegotiation ? "without negotiation: good" : "with negotiation: good");
  }
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
