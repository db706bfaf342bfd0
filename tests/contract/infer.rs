//! `/api/infer` where nothing is set up: refusals that are told, and nothing else is in the way.

use omniguard_core::frame::MAX_FRAME_BYTES;
use omniguard_tests::{Answer, MAX_MESSAGE_BYTES, get, post, send};
use serde_json::{Value, json};

fn raw(body: &[u8]) -> Answer {
    send("POST", "/api/infer", &[("content-type", "application/json")], Some(body))
}

fn frame(text: &str) -> Value {
    json!({"model": "base", "frame": {"text": text, "channel": "tool_call"}})
}

#[test]
fn what_is_not_set_up_is_told_with_what_to_set() {
    let mut request = frame("hello");
    let problem = post("/api/infer", &request).expect_problem(503, "inference_unconfigured");
    assert!(problem["detail"].as_str().expect("a text").contains("HF_TOKEN"), "{problem}");
    request["model"] = "trained".into();
    let headers = [("content-type", "application/json"), ("accept", "application/x-ndjson")];
    let answer = send("POST", "/api/infer", &headers, Some(request.to_string().as_bytes()));
    let problem = answer.expect_problem(503, "inference_unconfigured");
    assert!(problem["detail"].as_str().expect("a text").contains("HF_TRAINED_URL"), "{problem}");
}

#[test]
fn the_status_tells_models_queue_budget_and_limits() {
    let status = get("/api/infer/status").expect_ok();
    for side in ["base", "trained"] {
        let model = &status["models"][side];
        assert_eq!((&model["configured"], &model["model_id"]), (&json!(false), &Value::Null));
        assert!(model["detail"].is_string(), "{model}");
    }
    let empty = json!({"waiting": 0, "in_flight": 0, "max_waiting": 20, "max_in_flight": 2});
    assert_eq!(status["queue"], empty);
    let budget = &status["budget"];
    assert_eq!((&budget["limit"], &budget["left"]), (&json!(1_000), &json!(1_000)));
    assert!(budget["resets_at"].as_str().expect("a time").ends_with("T00:00:00Z"), "{budget}");
    assert!((0..=86_400).contains(&budget["resets_in_seconds"].as_u64().expect("seconds")));
    assert_eq!(status["rate_limit"], json!({"per_minute": 10, "burst": 5}));
}

#[test]
fn requests_are_read_before_anything_else() {
    raw(b"{").expect_problem(400, "malformed_json");
    send("POST", "/api/infer", &[("content-type", "text/plain")], Some(b"x"))
        .expect_problem(415, "unsupported_media_type");
    post("/api/infer", &frame(&"x".repeat(MAX_FRAME_BYTES + 1)))
        .expect_problem(413, "content_too_large");
    raw(&vec![b' '; MAX_MESSAGE_BYTES + 1]).expect_problem(413, "content_too_large");
    let wrong = json!({"model": "gpt", "frame": {"channel": "mail", "role": "system"}, "url": 1});
    let problem = post("/api/infer", &wrong).expect_problem(422, "invalid");
    let places: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|one| one["loc"].clone()).collect();
    let expected =
        json!([["model"], ["frame", "text"], ["frame", "channel"], ["frame", "role"], ["url"],]);
    assert_eq!(json!(places), expected);
    let method = send("GET", "/api/infer", &[], None);
    method.expect_problem(405, "method_not_allowed");
    assert_eq!(method.header("allow"), "POST, OPTIONS");
    send("POST", "/api/infer/status", &[], None).expect_problem(405, "method_not_allowed");
}

#[test]
fn the_document_describes_both() {
    let document = get("/openapi.json").expect_ok();
    let infer = &document["paths"]["/api/infer"]["post"];
    assert_eq!(infer["requestBody"]["required"], true);
    let schema = &infer["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(schema["$ref"], "#/components/schemas/InferBody");
    assert!(document["paths"]["/api/infer/status"]["get"].is_object());
}
