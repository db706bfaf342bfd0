//! What holds of every message.

use super::*;
use crate::frame::Channel;
use crate::wire::request::{Decide, MAX_COST, UNKNOWN_CHANNEL};
use proptest::prelude::*;

fn arguments() -> impl Strategy<Value = Value> {
    let channel = prop_oneof![
        proptest::sample::select(Channel::ALL).prop_map(|one| json!(one.name())),
        Just(json!(UNKNOWN_CHANNEL)),
        Just(json!("mail")),
        Just(json!(1)),
    ];
    let cost = prop_oneof![
        (0.0..=MAX_COST).prop_map(|cost| json!(cost)),
        Just(json!(MAX_COST)),
        Just(json!(2.0 * MAX_COST)),
        Just(json!(-0.5)),
        Just(json!("1")),
    ];
    let text = prop_oneof![9 => any::<String>().prop_map(Value::String), 1 => Just(json!(0))];
    let member = |name: &'static str, values: BoxedStrategy<Value>| {
        proptest::option::of(values.prop_map(move |value| (name.to_string(), value)))
    };
    (
        proptest::option::weighted(0.9, text),
        member("channel", channel.boxed()),
        member("fp_cost", cost.clone().boxed()),
        member("breach_cost", cost.boxed()),
        proptest::option::weighted(0.1, Just(("env_id".to_string(), json!(0)))),
    )
        .prop_map(|(text, channel, fp_cost, breach_cost, unknown)| {
            let text = text.map(|text| ("text".to_string(), text));
            Value::Object(
                [text, channel, fp_cost, breach_cost, unknown].into_iter().flatten().collect(),
            )
        })
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("2.0")),
        proptest::sample::select(&["ping", "tools/list", "tools/call", "initialize"][..])
            .prop_map(Value::from),
        proptest::sample::select(&["inspect", "explain", "list_actions"][..]).prop_map(Value::from),
    ];
    let name = proptest::sample::select(
        &["jsonrpc", "id", "method", "params", "result", "error", "name", "arguments", "text"][..],
    );
    leaf.prop_recursive(4, 32, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone().prop_map(String::from), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What holds of every answer.
fn well_formed(reply: &Reply) -> Result<(), TestCaseError> {
    let Reply::Response(response) = reply else { return Ok(()) };
    let written = serde_json::to_string(response).unwrap();
    let response: Value = serde_json::from_str(&written).unwrap();
    prop_assert_eq!(&response["jsonrpc"], "2.0");
    let id = response.get("id").unwrap();
    prop_assert!(id.is_null() || id.is_i64() || id.is_u64() || id.is_string());
    let (result, error) = (response.get("result"), response.get("error"));
    prop_assert!(result.is_some() != error.is_some());
    prop_assert_eq!(response.as_object().unwrap().len(), 3);
    if let Some(error) = error {
        prop_assert!((-32700..=-32600).contains(&error["code"].as_i64().unwrap()));
        prop_assert!(!error["message"].as_str().unwrap().is_empty());
    } else {
        prop_assert!(!id.is_null(), "a result belongs to a request");
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_answered(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        well_formed(&answer(policy(), INFO, &body))?;
    }

    #[test]
    fn any_json_is_answered(message in json_value()) {
        well_formed(&answer(policy(), INFO, message.to_string().as_bytes()))?;
        well_formed(&answer_message(policy(), INFO, &message))?;
    }

    #[test]
    fn any_parameters_are_answered(
        method in proptest::sample::select(&["initialize", "ping", "tools/list", "tools/call"][..]),
        tool in proptest::sample::select(&Tool::ALL[..]),
        params in json_value(),
        number in any::<i64>(),
        text in ".{0,256}",
        textual in any::<bool>(),
    ) {
        let id = if textual { json!(text) } else { json!(number) };
        let named = json!({"name": tool.name(), "arguments": params});
        for params in [params, named] {
            let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
            let Reply::Response(response) = answer(policy(), INFO, message.to_string().as_bytes())
            else { panic!("no response") };
            prop_assert_eq!(serde_json::to_value(&response.id).unwrap(), id.clone());
            well_formed(&Reply::Response(response))?;
        }
    }

    #[test]
    fn the_schema_of_arguments_is_what_is_read(arguments in arguments()) {
        let schema = crate::wire::schema::decide();
        prop_assert_eq!(refused(&schema, &arguments).is_none(), Decide::read(&arguments).is_ok());
        let result = run("explain", &arguments);
        prop_assert_eq!(result["isError"].as_bool().unwrap(), Decide::read(&arguments).is_err());
        if let Some(why) = result.get("structuredContent") {
            prop_assert_eq!(refused(&schemas::explanation(), why), None);
        }
    }
}
