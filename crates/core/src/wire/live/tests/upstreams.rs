use super::*;
use alloc::{format, string::ToString};
use proptest::prelude::*;
use serde_json::{Value, json};

fn completion(body: &Value) -> Result<Completion, BadCompletion> {
    Completion::read(body.to_string().as_bytes())
}

fn error(body: &Value) -> UpstreamError {
    UpstreamError::read(body.to_string().as_bytes())
}

#[test]
fn a_completion_is_read_with_all_it_tells() {
    let body = json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "Qwen/Qwen2.5-3B-Instruct",
        "system_fingerprint": "3.3.4-native",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "{\"action_type\":\"BLOCK\"}"},
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 700, "completion_tokens": 12, "total_tokens": 712},
    });
    let usage = Usage { prompt_tokens: 700, completion_tokens: 12, total_tokens: 712 };
    let read_back = completion(&body).unwrap();
    assert_eq!(
        read_back,
        Completion {
            content: "{\"action_type\":\"BLOCK\"}".into(),
            refusal: None,
            finish_reason: Some(FinishReason::Stop),
            usage: Some(usage),
            model: Some("Qwen/Qwen2.5-3B-Instruct".into()),
        }
    );
    assert_eq!(read(&read_back.content, "").unwrap().action.action_type(), ActionType::Block);
}

#[test]
fn contents_come_as_text_parts_or_nothing() {
    let of = |message: Value| completion(&json!({"choices": [{"message": message}]}));
    let text = |message: Value| of(message).unwrap().content;
    assert_eq!(text(json!({"content": "a"})), "a");
    assert_eq!(text(json!({"content": null, "tool_calls": []})), "");
    assert_eq!(text(json!({})), "");
    let parts = json!([
        {"type": "text", "text": "a"},
        {"type": "image_url", "text": "no", "image_url": {}},
        {"type": "output_text", "text": "b"},
        {"text": "c"},
        "d",
        {"type": "text", "text": 3},
        7,
    ]);
    assert_eq!(text(json!({"content": parts})), "abcd");
    assert_eq!(of(json!({"content": 3})), Err(BadCompletion::Content));
    let refused = of(json!({"content": null, "refusal": "no"})).unwrap();
    assert_eq!((refused.content.as_str(), refused.refusal.as_deref()), ("", Some("no")));
}

#[test]
fn what_is_not_needed_may_be_anything() {
    let body = json!({
        "choices": [{"message": {"content": "x"}, "finish_reason": 3}],
        "usage": {"prompt_tokens": -1, "completion_tokens": "2", "total_tokens": 1e300},
        "model": ["m"],
    });
    let read_back = completion(&body).unwrap();
    assert_eq!(read_back.usage, Some(Usage::default()));
    assert_eq!((read_back.finish_reason, read_back.model), (None, None));
}

#[test]
fn reasons_to_stop_are_told_apart() {
    for (name, reason) in [
        ("stop", FinishReason::Stop),
        ("eos_token", FinishReason::Stop),
        ("length", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("tool_calls", FinishReason::ToolCalls),
        ("odd", FinishReason::Other("odd".into())),
    ] {
        let body = json!({"choices": [{"message": {}, "finish_reason": name}]});
        assert_eq!(completion(&body).unwrap().finish_reason, Some(reason));
    }
}

#[test]
fn what_is_no_completion_is_told_apart() {
    assert_eq!(Completion::read(b"<html>"), Err(BadCompletion::NotJson));
    assert_eq!(Completion::read(b"\xff"), Err(BadCompletion::NotJson));
    assert_eq!(completion(&json!({"choices": []})), Err(BadCompletion::NoChoice));
    assert_eq!(completion(&json!([])), Err(BadCompletion::NoChoice));
    assert_eq!(completion(&json!({"choices": [{}]})), Err(BadCompletion::NoMessage));
    assert_eq!(completion(&json!({"choices": [{"message": "x"}]})), Err(BadCompletion::NoMessage));
    let Err(BadCompletion::Error(said)) = completion(&json!({"error": "overloaded"})) else {
        panic!("an error in a success is an error");
    };
    assert_eq!(said.message, "overloaded");
}

#[test]
fn errors_are_read_in_every_dialect() {
    for (body, message, code) in [
        (json!({"error": "no such model"}), "no such model", None),
        (
            json!({"error": "queue full", "error_type": "overloaded"}),
            "queue full",
            Some("overloaded"),
        ),
        (
            json!({"error": {"message": "bad", "type": "invalid", "code": 400}}),
            "bad",
            Some("invalid"),
        ),
        (json!({"error": {"message": "bad", "type": null, "code": 400}}), "bad", Some("400")),
        (json!({"error": ["a", {"message": "b"}]}), "a; b", None),
        (json!({"object": "error", "message": "gone", "code": 404}), "gone", Some("404")),
        (json!({"detail": [{"loc": ["body"], "msg": "required"}]}), "required", None),
        (json!({"error": null, "message": "m"}), "m", None),
        (json!("plain"), "plain", None),
        (json!({"other": 1}), "", None),
        (json!(3), "", None),
    ] {
        let said = error(&body);
        assert_eq!((said.message.as_str(), said.code.as_deref()), (message, code), "{body}");
    }
    assert_eq!(UpstreamError::read(b"502 Bad\r\n  Gateway").message, "502 Bad Gateway");
    assert_eq!(UpstreamError::read(b""), UpstreamError::default());
    let loading = json!({"error": "Model base is currently loading", "estimated_time": 20.5});
    assert_eq!(error(&loading).wait_seconds, Some(20.5));
    for odd in [json!(-1), json!(1e9), json!("20"), json!(null)] {
        assert_eq!(error(&json!({"error": "x", "estimated_time": odd})).wait_seconds, None);
    }
}

#[test]
fn objections_to_the_format_are_recognised() {
    assert!(error(&json!({"error": "`response_format` is not supported"})).refuses_structure());
    assert!(error(&json!({"error": {"message": "Unknown type JSON_SCHEMA"}})).refuses_structure());
    assert!(!error(&json!({"error": "no such model"})).refuses_structure());
}

#[test]
fn messages_are_cut_and_hold_no_secrets() {
    let said =
        error(&json!({"error": "token hf_abcDEF123456 is bad, Bearer: xyz, key=sk-proj-12345678"}));
    assert_eq!(said.message, "token [redacted] is bad, Bearer: [redacted] [redacted]");
    assert_eq!(
        error(&json!({"error": "a task-specific hf_model"})).message,
        "a task-specific hf_model"
    );
    let long = error(&json!({"error": "é ".repeat(2 * MAX_ERROR_CHARS)}));
    assert_eq!(long.message.chars().count(), MAX_ERROR_CHARS);
    let nested = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(UpstreamError::read(nested.as_bytes()).message.starts_with("[[["));
}

fn envelope() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let name = proptest::sample::select(
        &["choices", "message", "content", "error", "text", "type", "usage", "detail", "code"][..],
    );
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(
                name.clone().prop_map(ToString::to_string),
                inner,
                0..6
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Completion::read(&body);
        let said = UpstreamError::read(&body);
        prop_assert!(said.message.chars().count() <= MAX_ERROR_CHARS);
    }

    #[test]
    fn any_json_is_read_or_refused(body in envelope()) {
        let _ = completion(&body);
        let _ = completion(&json!({"choices": [body.clone()]}));
        let _ = completion(&json!({"choices": [{"message": body.clone()}]}));
        prop_assert!(error(&body).message.chars().count() <= MAX_ERROR_CHARS);
    }
}
