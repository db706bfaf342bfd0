# The built Worker on workerd itself, without wrangler's proxy in front: what `omniguard loadtest`
# measures. After `cargo xtask build`, from the root:
#
#   mkdir -p .omniguard/bench-state
#   node_modules/.bin/workerd serve benches/workerd.capnp \
#     --directory-path=assets=dist --directory-path=state=.omniguard/bench-state
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "assets", disk = (writable = false)),
    (name = "state", disk = (writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8788", http = (), service = "main")],
);

const main :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  modules = [
    (name = "index.js", esModule = embed "../build/index.js"),
    (name = "index_bg.wasm", wasm = embed "../build/index_bg.wasm"),
  ],
  bindings = [
    (name = "ASSETS", service = "assets"),
    (name = "SESSION", durableObjectNamespace = "Session"),
    (name = "NAMESPACE", durableObjectNamespace = "Namespace"),
  ],
  durableObjectNamespaces = [
    (className = "Session", uniqueKey = "session", enableSql = true),
    (className = "Namespace", uniqueKey = "namespace", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "state"),
);
