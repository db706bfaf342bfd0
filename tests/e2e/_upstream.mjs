// A scripted upstream on loopback: it speaks chat completions and does, one after the other, what
// it is told for each model.
import { createServer } from "node:http";

/** An answer in the model's words. */
export const says = (action, more = {}) => ({
  words: JSON.stringify({ action_type: action, confidence: 0.9, rationale: `The ${action} of a script.`, ...more }),
});

export async function startUpstream() {
  /** Steps to come by model, what a model does when it has none left, and what was seen. */
  const upstream = { scripts: {}, otherwise: says("BLOCK"), calls: [], authorization: new Set() };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { model } = JSON.parse(Buffer.concat(parts).toString());
    const step = upstream.scripts[model]?.shift() ?? upstream.otherwise;
    upstream.calls.push(model);
    upstream.authorization.add(request.headers.authorization);
    await new Promise((resolve) => setTimeout(resolve, step.delay ?? 0));
    const status = request.url === "/v1/chat/completions" ? (step.status ?? 200) : 404;
    const completion = {
      id: "1",
      object: "chat.completion",
      model,
      choices: [{ index: 0, message: { role: "assistant", content: step.words }, finish_reason: "stop" }],
      usage: { prompt_tokens: 600, completion_tokens: 30, total_tokens: 630 },
    };
    const error = { error: "as the script says" };
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(status === 200 ? completion : error));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  upstream.url = `http://127.0.0.1:${server.address().port}/v1`;
  upstream.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return upstream;
}
