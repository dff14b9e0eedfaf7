//! `check --explain`: what a file comes to for one request. The very layers that serve are asked, in this
//! process, so that the explanation cannot be another one than theirs.

mod answer;
mod shown;
mod words;

use http::{Method, Request, Uri};
use tower_auth::{AuthLayer, config::AuthSetup};

use self::shown::Shown;
use crate::{arguments::CheckFile, fault::Fault, output, plain::Plain};

pub(super) async fn run(
    request: &str,
    arguments: &CheckFile,
    mut setup: AuthSetup,
) -> Result<(), Fault> {
    let (method, uri) = method_and_path(request)?;
    let webhooks = setup.summary().webhooks().to_vec();
    // Its layer stands around one endpoint, which the file does not name. Left where it is, it would close
    // the others.
    let has_mcp = setup.take_mcp().is_some();
    let (layer, routes) = setup.into_layers();
    let description = layer.describe();
    let requirement = description.at(&method, uri.path());

    line("request", format!("{method} {}", uri.path()))?;
    line("rule", words::rule(&description, &requirement, &webhooks))?;
    for provider in requirement.providers() {
        line("send", words::places(provider))?;
    }
    for limit in description.limits() {
        line("limit", limit)?;
    }

    let secret_headers = layer
        .credential_headers()
        .iter()
        .chain(&*routes.credential_headers())
        .cloned()
        .collect::<Vec<_>>();
    let shown = Shown::read(arguments, &description, &requirement, &secret_headers)?;
    for header in shown.described() {
        line("shown", header)?;
    }
    let request = || -> Result<Request<String>, Fault> {
        let mut request = Request::new(String::new());
        *request.method_mut() = method.clone();
        *request.uri_mut() = uri.clone();
        shown.write(request.headers_mut())?;
        Ok(request)
    };
    if !shown.is_empty() {
        say_each(&layer, &request()?).await?;
    }
    answer::run(layer, routes, request()?).await?;
    if has_mcp {
        line(
            "inside",
            "the layer of the MCP server judges each message at its endpoint, by its body; it was not asked",
        )?;
    }
    Ok(())
}

/// What each provider says by itself.
async fn say_each(layer: &AuthLayer, request: &Request<String>) -> Result<(), Fault> {
    for answer in layer.ask_each(request).await {
        line("says", words::said(answer.provider(), answer.answer()))?;
    }
    Ok(())
}

fn line(name: &str, text: impl std::fmt::Display) -> Result<(), Fault> {
    output::line(&format!("{name}: {}", Plain(text)))
}

/// What stands behind the path is not repeated: a query may hold a credential.
fn method_and_path(text: &str) -> Result<(Method, Uri), Fault> {
    let fault = |why: &str| {
        Fault::usage(format!(
            "--explain {why}: write a method and a path, such as 'POST /run'"
        ))
    };
    let (method, path) = text
        .split_once(' ')
        .ok_or_else(|| fault("lacks a method or a path"))?;
    let method = Method::from_bytes(method.as_bytes())
        .ok()
        .filter(|method| {
            method
                .as_str()
                .bytes()
                .all(|byte| byte.is_ascii_uppercase())
        })
        .ok_or_else(|| fault("begins with no method in capitals"))?;
    if path.contains(['?', '#']) {
        return Err(fault("has a query, which no rule looks at"));
    }
    let uri = path
        .parse::<Uri>()
        .ok()
        .filter(|uri| path.starts_with('/') && uri.scheme().is_none() && uri.authority().is_none());
    let uri = uri.ok_or_else(|| fault("has a path that no client can send"))?;
    Ok((method, uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_method_and_a_path() {
        for (text, good) in [
            ("GET /", true),
            ("POST /run", true),
            ("QUERY //run", true),
            ("GET /a%2Fb", true),
            ("GET", false),
            ("/run", false),
            ("get /run", false),
            ("GET run", false),
            ("GET  /run", false),
            ("GET /run?key=7", false),
            ("GET /a b", false),
            ("GET http://example.com/run", false),
            ("GET *", false),
        ] {
            assert_eq!(method_and_path(text).is_ok(), good, "{text}");
        }
    }
}
