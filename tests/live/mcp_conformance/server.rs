//! The server that the conformance suite expects: its tools, resources and prompts, on `rmcp`.
#![allow(
    deprecated,
    reason = "the suite tests what newer versions no longer have"
)]

use std::{borrow::Cow, time::Duration};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ClientResult,
        CompleteRequestParams, CompleteResult, GetPromptRequestParams, GetPromptResponse,
        GetPromptResult, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
        ReadResourceResult, ServerConfig, SetLevelRequestParams, SubscribeRequestParams,
        UnsubscribeRequestParams,
    },
    service::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";
const PAUSE: Duration = Duration::from_millis(50);

pub const TOOLS: [&str; 12] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_logging",
    "test_tool_with_progress",
    "test_error_handling",
    "test_sampling",
    "test_elicitation",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
];
const SCHEMA_TOOL: &str = "json_schema_2020_12_tool";

type Context = RequestContext<RoleServer>;

/// A type of the protocol, from its JSON.
fn made<T: DeserializeOwned>(json: Value) -> Result<T, ErrorData> {
    serde_json::from_value(json).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn image() -> Value {
    json!({"type": "image", "data": PNG, "mimeType": "image/png"})
}

fn resource(uri: &str, mime_type: &str, text: &str) -> Value {
    json!({"type": "resource", "resource": {"uri": uri, "mimeType": mime_type, "text": text}})
}

async fn notify(context: &Context, method: &str, params: Value) -> Result<(), ErrorData> {
    let notification = made(json!({"method": method, "params": params}))?;
    let sent = context.peer.send_notification(notification).await;
    sent.map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

/// Asks the client.
async fn ask(context: &Context, method: &str, params: Value) -> Result<Value, ErrorData> {
    let request = made(json!({"method": method, "params": params}))?;
    let answer: Result<ClientResult, _> = context.peer.send_request(request).await;
    let failed = |error: String| ErrorData::internal_error(error, None);
    let answer = answer.map_err(|error| failed(error.to_string()))?;
    serde_json::to_value(answer).map_err(|error| failed(error.to_string()))
}

async fn elicit(context: &Context, message: &str, schema: Value) -> Result<Value, ErrorData> {
    let params = json!({"message": message, "requestedSchema": schema});
    let answer = ask(context, "elicitation/create", params).await?;
    let (action, content) = (&answer["action"], &answer["content"]);
    let action = action.as_str().unwrap_or_default();
    Ok(text(&format!(
        "Elicitation completed: action={action}, content={content}"
    )))
}

fn defaults() -> Value {
    json!({"type": "object", "required": [], "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true},
    }})
}

fn enums() -> Value {
    let options = json!(["option1", "option2", "option3"]);
    let titled = json!([
        {"const": "value1", "title": "First Option"},
        {"const": "value2", "title": "Second Option"},
        {"const": "value3", "title": "Third Option"},
    ]);
    json!({"type": "object", "required": [], "properties": {
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"]},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
    }})
}

#[derive(Clone)]
pub struct Server;

impl Server {
    async fn content(
        name: &str,
        arguments: &Value,
        context: &Context,
    ) -> Result<Vec<Value>, ErrorData> {
        let argument = |name: &str| arguments[name].as_str().unwrap_or_default();
        let content = match name {
            "test_simple_text" => text("This is a simple text response for testing."),
            "test_image_content" => image(),
            "test_audio_content" => json!({"type": "audio", "data": WAV, "mimeType": "audio/wav"}),
            "test_embedded_resource" => resource(
                "test://embedded-resource",
                "text/plain",
                "This is an embedded resource content.",
            ),
            "test_multiple_content_types" => {
                let data = r#"{"test":"data","value":123}"#;
                let mixed = resource("test://mixed-content-resource", "application/json", data);
                return Ok(vec![text("Multiple content types test:"), image(), mixed]);
            }
            "test_tool_with_logging" => {
                for said in [
                    "Tool execution started",
                    "Tool processing data",
                    "Tool execution completed",
                ] {
                    let params = json!({"level": "info", "data": said});
                    notify(context, "notifications/message", params).await?;
                    tokio::time::sleep(PAUSE).await;
                }
                text("logged")
            }
            "test_tool_with_progress" => {
                let token = context.meta.get_progress_token();
                for progress in [0, 50, 100] {
                    if let Some(token) = &token {
                        let params =
                            json!({"progressToken": token, "progress": progress, "total": 100});
                        notify(context, "notifications/progress", params).await?;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                text("done")
            }
            "test_sampling" => {
                let message = json!({"role": "user", "content": text(argument("prompt"))});
                let params = json!({"messages": [message], "maxTokens": 100});
                let answer = ask(context, "sampling/createMessage", params).await?;
                let said = answer["content"]["text"].as_str().unwrap_or_default();
                text(&format!("LLM response: {said}"))
            }
            "test_elicitation" => {
                let field = |what: &str| json!({"type": "string", "description": what});
                let schema = json!({"type": "object", "required": ["username", "email"], "properties": {
                    "username": field("User's response"), "email": field("User's email address"),
                }});
                elicit(context, argument("message"), schema).await?
            }
            "test_elicitation_sep1034_defaults" => elicit(context, "defaults", defaults()).await?,
            "test_elicitation_sep1330_enums" => elicit(context, "enums", enums()).await?,
            SCHEMA_TOOL => text("read"),
            _ => return Err(ErrorData::invalid_params("unknown tool", None)),
        };
        Ok(vec![content])
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        made(json!({
            "protocolVersion": "2025-11-25",
            "serverInfo": {"name": "conformance", "version": "1"},
            "capabilities": {
                "completions": {}, "logging": {}, "prompts": {}, "resources": {"subscribe": true}, "tools": {},
            },
        }))
        .expect("a server's description")
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        let argument = |tool: &str| match tool {
            "test_sampling" => Some("prompt"),
            "test_elicitation" => Some("message"),
            _ => None,
        };
        let tool = |name: &&str| {
            let required: Vec<&str> = argument(name).into_iter().collect();
            let properties: serde_json::Map<String, Value> = required
                .iter()
                .map(|name| ((*name).to_owned(), json!({"type": "string"})))
                .collect();
            json!({"name": name, "description": "A tool of the suite", "inputSchema": {
                "type": "object", "properties": properties, "required": required,
            }})
        };
        let mut tools: Vec<Value> = TOOLS.iter().map(tool).collect();
        tools.push(json!({
            "name": SCHEMA_TOOL,
            "description": "Tool with JSON Schema 2020-12 features",
            "inputSchema": {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "$defs": {"address": {"type": "object", "properties": {
                    "street": {"type": "string"}, "city": {"type": "string"},
                }}},
                "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
                "additionalProperties": false,
            },
        }));
        made(json!({"tools": tools}))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let name: &Cow<'_, str> = &request.name;
        if name == "test_error_handling" {
            let content = [text("This tool intentionally returns an error for testing")];
            let result: CallToolResult = made(json!({"content": content, "isError": true}))?;
            return Ok(result.into());
        }
        let arguments = json!(request.arguments);
        let content = Self::content(name, &arguments, &context).await?;
        let result: CallToolResult = made(json!({"content": content}))?;
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resource = |name: &str, mime_type: &str| json!({"uri": format!("test://{name}"), "name": name, "description": name, "mimeType": mime_type});
        made(json!({"resources": [
            resource("static-text", "text/plain"),
            resource("static-binary", "image/png"),
            resource("watched-resource", "text/plain"),
        ]}))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        made(json!({"resourceTemplates": [{
            "uriTemplate": "test://template/{id}/data", "name": "template", "description": "template",
            "mimeType": "application/json",
        }]}))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = &*request.uri;
        let template = uri
            .strip_prefix("test://template/")
            .and_then(|rest| rest.strip_suffix("/data"));
        let content = match (uri, template) {
            ("test://static-binary", _) => {
                json!({"uri": uri, "mimeType": "image/png", "blob": PNG})
            }
            (_, Some(id)) => {
                let data =
                    json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
                json!({"uri": uri, "mimeType": "application/json", "text": data.to_string()})
            }
            ("test://static-text" | "test://watched-resource", None) => {
                let said = "This is the content of the static text resource.";
                json!({"uri": uri, "mimeType": "text/plain", "text": said})
            }
            _ => return Err(ErrorData::resource_not_found("no such resource", None)),
        };
        let result: ReadResourceResult = made(json!({"contents": [content]}))?;
        Ok(result.into())
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompt = |name: &str, arguments: &[&str]| {
            let argument =
                |name: &&str| json!({"name": name, "description": name, "required": true});
            let arguments: Vec<Value> = arguments.iter().map(argument).collect();
            json!({"name": name, "description": name, "arguments": arguments})
        };
        made(json!({"prompts": [
            prompt("test_simple_prompt", &[]),
            prompt("test_prompt_with_arguments", &["arg1", "arg2"]),
            prompt("test_prompt_with_embedded_resource", &["resourceUri"]),
            prompt("test_prompt_with_image", &[]),
        ]}))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = json!(request.arguments);
        let argument = |name: &str| arguments[name].as_str().unwrap_or_default();
        let contents = match &*request.name {
            "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
            "test_prompt_with_arguments" => {
                let (one, two) = (argument("arg1"), argument("arg2"));
                vec![text(&format!(
                    "Prompt with arguments: arg1='{one}', arg2='{two}'"
                ))]
            }
            "test_prompt_with_embedded_resource" => {
                let said = "Embedded resource content for testing.";
                let embedded = resource(argument("resourceUri"), "text/plain", said);
                vec![
                    embedded,
                    text("Please process the embedded resource above."),
                ]
            }
            "test_prompt_with_image" => vec![image(), text("Please analyze the image above.")],
            _ => return Err(ErrorData::invalid_params("unknown prompt", None)),
        };
        let message = |content: Value| json!({"role": "user", "content": content});
        let messages: Vec<Value> = contents.into_iter().map(message).collect();
        let result: GetPromptResult = made(json!({"messages": messages}))?;
        Ok(result.into())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: Context,
    ) -> Result<CompleteResult, ErrorData> {
        made(
            json!({"completion": {"values": ["paris", "park", "party"], "total": 3, "hasMore": false}}),
        )
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }
}
