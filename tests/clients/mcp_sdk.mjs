// The official SDK's client against POST /mcp: the tools, their schemas, and every way to be wrong.
//
// `callTool` checks each structured answer against the tool's output schema itself. The server's
// address is the variable OMNIGUARD_URL.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ErrorCode, LATEST_PROTOCOL_VERSION, McpError } from "@modelcontextprotocol/sdk/types.js";

const N_FRAMES = 50;
const url = process.env.OMNIGUARD_URL;
assert.ok(url, "OMNIGUARD_URL names the running Worker");

/** Every n-th frame of the stress texts, so that attacks and harmless ones of all kinds are there. */
function frames() {
  const path = new URL("../../stress/frames.jsonl", import.meta.url);
  const all = readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const every = Math.floor(all.length / N_FRAMES);
  return all.filter((_, idx) => idx % every === 0).slice(0, N_FRAMES);
}

async function post(path, body, headers = {}) {
  return fetch(new URL(path, url), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body,
  });
}

async function decided(request) {
  const response = await post("/api/decide", JSON.stringify(request));
  assert.equal(response.status, 200);
  return response.json();
}

async function inspects(client) {
  const actions = new Set();
  let detectors = 0;
  let decodings = 0;
  for (const [idx, { text, channel }] of frames().entries()) {
    // Without a channel, with one, and with costs.
    const request = [{ text }, { text, channel }, { text, channel, fp_cost: 0.2, breach_cost: 3 }][idx % 3];
    const result = await client.callTool({ name: "inspect", arguments: request });
    const decision = await decided(request);
    assert.ok(!result.isError);
    assert.deepEqual(result.structuredContent, decision);
    assert.ok(result.content[0].text.startsWith(`${decision.action}: `), result.content[0].text);

    const why = await client.callTool({ name: "explain", arguments: request });
    const { action, hints, span, rationale } = why.structuredContent;
    assert.equal(action.name, decision.action);
    assert.equal(rationale, decision.rationale);
    assert.deepEqual(hints.map((hint) => hint.name), decision.hints);
    assert.ok(hints.every((hint) => hint.description !== ""));
    if (span !== null) {
      const part = Buffer.from(text).subarray(span.start, span.end).toString();
      assert.ok(part.startsWith(span.text) && span.text !== "", "the span's text is the frame's");
    }
    assert.ok(why.content[0].text.includes(rationale));

    actions.add(decision.action);
    detectors += decision.hints.length;
    decodings += decision.decode_steps.length;
  }
  assert.ok(actions.size > 1 && detectors > 0 && decodings > 0, "the frames are of many kinds");
  return { actions: actions.size, detectors, decodings };
}

async function refusals(client) {
  for (const [name, args, told] of [
    ["inspect", {}, "`text` is required"],
    ["inspect", { text: 7 }, "`text` must be a string"],
    ["explain", { text: "x", channel: "mail" }, "`channel` must be one of"],
    ["inspect", { text: "x", breach_cost: 1e9 }, "`breach_cost` must be a number between"],
    ["list_actions", { verbose: true }, "`verbose` is not a known field"],
  ]) {
    const result = await client.callTool({ name, arguments: args });
    assert.equal(result.isError, true);
    assert.ok(result.content[0].text.includes(told), result.content[0].text);
  }
  const invalid = (error) => error instanceof McpError && error.code === ErrorCode.InvalidParams;
  await assert.rejects(client.callTool({ name: "reset", arguments: {} }), invalid);
  await assert.rejects(client.callTool({ name: "inspect", arguments: "text" }), invalid);
  await assert.rejects(client.listTools({ cursor: "2" }), invalid);
  const unknown = (error) => error instanceof McpError && error.code === ErrorCode.MethodNotFound;
  // Asked past the client, which refuses what the server does not announce.
  const quiet = new Client({ name: "omniguard-contract", version: "1" }, { enforceStrictCapabilities: false });
  await quiet.connect(new StreamableHTTPClientTransport(new URL("/mcp", url)));
  await assert.rejects(quiet.listPrompts(), unknown);
  await assert.rejects(quiet.listResources(), unknown);
  await quiet.close();
}

/** What no client of the SDK sends. */
async function raw() {
  let n = 0;
  for (const [body, code] of [
    ["{}", -32600],
    ["[]", -32600],
    ["3", -32600],
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ["{", -32700],
    ["", -32700],
    ['{"jsonrpc":"2.0","id":7,"method":"environment/step"}', -32601],
  ]) {
    const response = await post("/mcp", body);
    assert.equal(response.status, 200, body);
    const answer = await response.json();
    assert.deepEqual([answer.jsonrpc, answer.error.code], ["2.0", code], body);
    n += 1;
  }
  const notification = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
  const accepted = await post("/mcp", notification);
  assert.deepEqual([accepted.status, await accepted.text()], [202, ""]);
  const echoed = await (await post("/mcp", '{"jsonrpc":"2.0","id":"é-1","method":"ping"}')).json();
  assert.deepEqual(echoed, { jsonrpc: "2.0", id: "é-1", result: {} });
  // Nothing is streamed from the server, which a client asks for with GET.
  const stream = await fetch(new URL("/mcp", url), { headers: { accept: "text/event-stream" } });
  await stream.body?.cancel();
  assert.equal(stream.status, 405);
  return n;
}

const started = performance.now();
const client = new Client({ name: "omniguard-contract", version: "1" });
const transport = new StreamableHTTPClientTransport(new URL("/mcp", url));
await client.connect(transport);
assert.equal(transport.protocolVersion, LATEST_PROTOCOL_VERSION);
assert.equal(transport.sessionId, undefined, "the server is stateless");
assert.deepEqual(client.getServerCapabilities(), { tools: {} });
assert.equal(client.getServerVersion().name, "omniguard");
assert.ok(client.getInstructions().includes("`inspect`"));

const { tools, nextCursor } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name), ["inspect", "explain", "list_actions"]);
assert.equal(nextCursor, undefined);
for (const { name, annotations, inputSchema, outputSchema } of tools) {
  assert.ok(inputSchema && outputSchema, name);
  assert.ok(annotations.readOnlyHint && annotations.idempotentHint && !annotations.openWorldHint, name);
}
assert.deepEqual(await client.ping(), {});
const seen = await inspects(client);
const { structuredContent } = await client.callTool({ name: "list_actions" });
assert.equal(structuredContent.actions.length, 6);
await refusals(client);
const n_raw = await raw();
await client.close();

const took = ((performance.now() - started) / 1000).toFixed(1);
console.log(
  `mcp: protocol ${transport.protocolVersion}, ${tools.length} tools, ${N_FRAMES} frames equal to /api/decide ` +
    `(${seen.actions} actions, ${seen.detectors} detectors, ${seen.decodings} decodings), ` +
    `${n_raw} malformed bodies answered, ${took} s`,
);
