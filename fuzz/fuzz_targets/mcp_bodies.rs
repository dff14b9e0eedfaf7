#![no_main]

use rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage};
use tower_auth_fuzz::mcp;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (headers, body) = mcp::split(data);
    let is_let_in = mcp::judge(headers, body);
    // The server's own reader: whatever it would run, the caller needs the permission for.
    let Ok(JsonRpcMessage::Request(request)) = serde_json::from_slice::<ClientJsonRpcMessage>(body)
    else {
        return;
    };
    let is_protected = match &request.request {
        ClientRequest::CallToolRequest(call) => call.params.name == mcp::PROTECTED_TOOL,
        ClientRequest::GetPromptRequest(get) => get.params.name == mcp::PROTECTED_PROMPT,
        ClientRequest::ReadResourceRequest(read) => {
            read.params.uri.starts_with(mcp::PROTECTED_RESOURCES)
        }
        ClientRequest::SubscribeRequest(watch) => {
            watch.params.uri.starts_with(mcp::PROTECTED_RESOURCES)
        }
        _ => false,
    };
    assert!(!(is_let_in && is_protected), "{request:?}");
});
