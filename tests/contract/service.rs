//! The service endpoints, their methods and their errors.

use omniguard_core::action::ActionType;
use omniguard_core::curriculum::Phase;
use omniguard_core::environment::ENVIRONMENT_ID;
use omniguard_core::reward::Component;
use omniguard_core::wire::hex64;
use omniguard_tests::space::Space;
use omniguard_tests::{MAX_SESSIONS, corpus, get, policy, send};
use serde_json::{Value, json};

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

#[test]
fn healthz_has_its_members() {
    let space = Space::new("health");
    let health = space.get("/healthz").expect_ok();
    assert_eq!((&health["status"], &health["env_instances"]), (&json!("ok"), &json!(0)));
    space.reset(&json!({"items": [{"env_id": 3}, {"env_id": 400}]}));
    assert_eq!(space.get("/healthz").expect_ok()["env_instances"], 2);
    assert!(health["sessions"].is_u64());
    assert_eq!(health["max_sessions"], MAX_SESSIONS);
    assert_eq!(health["queue_depths"], json!({}));
    assert!(health["version"].is_string());
}

#[test]
fn health_is_the_standard_s() {
    assert_eq!(get("/health").expect_ok(), json!({"status": "healthy"}));
}

#[test]
fn metadata_has_the_members_of_the_standard() {
    let metadata = get("/metadata").expect_ok();
    assert_eq!(metadata["name"], ENVIRONMENT_ID);
    for name in ["description", "version", "author", "documentation_url", "readme_content"] {
        assert!(metadata[name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
}

#[test]
fn readyz_is_ready() {
    let answer = get("/readyz");
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "ready"})));
}

#[test]
fn info_tells_the_constants_of_core_and_the_files_in_use() {
    let info = get("/info").json();
    let corpus = corpus();
    assert_eq!(info["environment"], ENVIRONMENT_ID);
    assert_eq!(names(&info["action_space"]), ActionType::ALL.map(ActionType::name));
    let components: Vec<_> = Component::ALL.iter().map(|one| one.name()).collect();
    assert_eq!(info["reward_components"], json!(components));
    assert_eq!(info["reward_range"], json!([-1.0, 0.86]));
    let phases: Vec<_> = Phase::ALL.iter().map(|one| one.name()).collect();
    assert_eq!(names(&info["curriculum_phases"]), phases);
    assert_eq!(info["corpus"]["source"], "embedded");
    assert_eq!(info["corpus"]["checksum"], hex64(corpus.checksum()));
    let n_scenarios: u64 = info["datasets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["n_malicious"].as_u64().unwrap() + one["n_benign"].as_u64().unwrap())
        .sum();
    assert_eq!(n_scenarios, u64::from(corpus.n_scenarios()));
    assert_eq!(info["model_run"], policy().run_id());
    assert!(info["runtime"].is_object() && info["version"].is_string());
    assert!(names(&info["observation_space"]).contains(&"payload_raw"));
}

#[test]
fn head_is_get_without_a_body() {
    for path in [
        "/health",
        "/healthz",
        "/readyz",
        "/info",
        "/metadata",
        "/metrics",
        "/metrics?format=prometheus",
        "/state",
        "/corpus.bin",
    ] {
        let (head, get) = (send("HEAD", path, &[], None), get(path));
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
    }
    assert_eq!(send("HEAD", "/nope", &[], None).status, 404);
}

#[test]
fn other_methods_are_refused_with_the_ones_that_are_known() {
    for (path, allow, refused) in [
        ("/healthz", "GET, HEAD, OPTIONS", &["POST", "PUT", "DELETE", "PATCH"][..]),
        ("/readyz", "GET, HEAD, OPTIONS", &["POST"]),
        ("/info", "GET, HEAD, OPTIONS", &["POST", "DELETE"]),
        ("/health", "GET, HEAD, OPTIONS", &["POST"]),
        ("/metadata", "GET, HEAD, OPTIONS", &["POST"]),
        ("/metrics", "GET, HEAD, OPTIONS", &["POST", "DELETE"]),
        ("/state", "GET, HEAD, OPTIONS", &["POST", "PUT", "DELETE"]),
        ("/reset", "POST, OPTIONS", &["GET", "HEAD", "PUT", "DELETE"]),
        ("/step", "POST, OPTIONS", &["GET", "HEAD", "PUT", "PATCH"]),
        ("/", "GET, HEAD, OPTIONS", &["POST", "PUT"]),
        ("/api/decide", "POST, OPTIONS", &["GET", "HEAD", "PUT"]),
        ("/ws", "GET, OPTIONS", &["POST", "DELETE"]),
    ] {
        for method in refused {
            let body = (*method == "POST" || *method == "PUT").then_some(&b"{}"[..]);
            let answer = send(method, path, &[], body);
            assert_eq!((answer.status, answer.header("allow")), (405, allow), "{method} {path}");
            if *method != "HEAD" {
                answer.expect_problem(405, "method_not_allowed");
            }
        }
        let answer = send("OPTIONS", path, &[], None);
        assert_eq!((answer.status, answer.header("allow")), (204, allow), "{path}");
    }
}

#[test]
fn browsers_of_any_origin_may_ask_and_never_with_credentials() {
    let preflight = [
        ("origin", "https://example.org"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type, x-omniguard-session"),
    ];
    for path in ["/api/decide", "/reset", "/step"] {
        let answer = send("OPTIONS", path, &preflight, None);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-allow-methods").contains("POST"));
        let headers = answer.header("access-control-allow-headers").to_lowercase();
        assert!(headers.contains("content-type") && headers.contains("x-omniguard-session"));
    }
    let space = Space::new("cors");
    let steps = json!({"actions": [{"env_id": 0, "action_type": "BLOCK"}]});
    for answer in [
        send("POST", "/api/decide", &[], Some(b"{")),
        get("/nope"),
        get("/healthz"),
        get("/info"),
        get("/step"),
        space.post("/step", &steps),
        space.post("/reset", &json!({})),
        space.post("/step", &steps),
        space.post("/step", &json!({})),
        space.get("/state"),
        space.get("/metrics"),
        space.get("/metrics?format=prometheus"),
    ] {
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-expose-headers").contains("Retry-After"));
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[test]
fn what_is_not_there_is_a_problem() {
    for path in ["/nope", "/healthz/", "/api/", "/api/decide/x", "/..%2f..%2fx", "/%00"] {
        get(path).expect_problem(404, "unknown_path");
    }
    for path in ["/nope", "/reset/", "/step/0"] {
        let headers = [("content-type", "application/json")];
        send("POST", path, &headers, Some(b"{}")).expect_problem(404, "unknown_path");
    }
}

#[test]
fn a_socket_needs_an_upgrade() {
    get("/ws").expect_problem(426, "upgrade_required");
}
