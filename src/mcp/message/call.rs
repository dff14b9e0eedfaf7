//! A request or a notification, and what its permission is asked by.

use std::borrow::Cow;

use super::members::{known, text, unreadable};
use crate::{
    jose::json::{Items, Value},
    mcp::fault::Fault,
};

/// A request or a notification.
#[derive(Debug)]
pub(in crate::mcp) struct Call<'a> {
    pub(in crate::mcp) method: Cow<'a, str>,
    /// Whether it has an id, and so an answer.
    pub(in crate::mcp) is_request: bool,
    /// The protocol version in the body.
    pub(in crate::mcp) version: Option<Cow<'a, str>>,
    /// All that it names.
    pub(in crate::mcp) items: Vec<Item<'a>>,
    /// The name that `Mcp-Name` repeats; and whether a request of today must repeat it.
    pub(in crate::mcp) name: Option<(Cow<'a, str>, bool)>,
}

/// Something with a name that a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::mcp) struct Item<'a> {
    pub(in crate::mcp) kind: Kind,
    pub(in crate::mcp) name: Cow<'a, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mcp) enum Kind {
    Tool,
    Resource,
    Prompt,
}

impl<'a> Call<'a> {
    pub(super) fn read(
        method: Cow<'a, str>,
        params: Option<Value<'a>>,
        is_request: bool,
    ) -> Result<Self, Fault> {
        let params = match params {
            None | Some(Value::Null) => "{}",
            Some(Value::Object(text)) => text,
            Some(_) => return Err(Fault::params("params_by_place", "params are an object")),
        };
        let mut call = Self {
            is_request,
            version: None,
            items: Vec::new(),
            name: None,
            method,
        };
        let method = call.method.clone();
        let meta = match &*method {
            "tools/call" => call.named(params, "name", Kind::Tool, true)?,
            "prompts/get" => call.named(params, "name", Kind::Prompt, true)?,
            "resources/read" => call.named(params, "uri", Kind::Resource, true)?,
            "resources/subscribe" | "resources/unsubscribe" | "resources/directory/read" => {
                call.named(params, "uri", Kind::Resource, false)?
            }
            "completion/complete" => call.completed(params)?,
            "subscriptions/listen" => call.listened(params)?,
            "tasks/get" | "tasks/update" | "tasks/cancel" => call.task(params)?,
            _ => {
                let [meta] = known(params, ["_meta"])?;
                meta
            }
        };
        call.version = version(meta)?;
        Ok(call)
    }

    fn named(
        &mut self,
        params: &'a str,
        member: &str,
        kind: Kind,
        is_repeated: bool,
    ) -> Result<Option<Value<'a>>, Fault> {
        let [meta, name] = known(params, ["_meta", member])?;
        let name = text(name, "no_name")?;
        self.name = Some((name.clone(), is_repeated));
        self.items.push(Item { kind, name });
        Ok(meta)
    }

    /// A completion is about an argument of a prompt or of a resource's address. Whichever of the two a reader
    /// picks, the caller needs the permission for.
    fn completed(&mut self, params: &'a str) -> Result<Option<Value<'a>>, Fault> {
        let [meta, reference] = known(params, ["_meta", "ref"])?;
        let Some(Value::Object(reference)) = reference else {
            return Err(Fault::params("no_reference", "the reference is no object"));
        };
        let [_, name, uri] = known(reference, ["type", "name", "uri"])?;
        for (kind, shown) in [(Kind::Prompt, name), (Kind::Resource, uri)] {
            if shown.is_some() {
                let name = text(shown, "no_name")?;
                self.items.push(Item { kind, name });
            }
        }
        match self.items.is_empty() {
            true => Err(Fault::params("no_reference", "the reference names nothing")),
            false => Ok(meta),
        }
    }

    fn listened(&mut self, params: &'a str) -> Result<Option<Value<'a>>, Fault> {
        let [meta, filter] = known(params, ["_meta", "notifications"])?;
        let filter = match filter {
            None | Some(Value::Null) => return Ok(meta),
            Some(Value::Object(filter)) => filter,
            Some(_) => return Err(Fault::params("no_filter", "the filter is no object")),
        };
        let [uris] = known(filter, ["resourceSubscriptions"])?;
        let uris = match uris {
            None | Some(Value::Null) => return Ok(meta),
            Some(Value::Array(uris)) => uris,
            Some(_) => return Err(Fault::params("no_name", "the subscriptions are no list")),
        };
        let mut uris = Items::of_deep(uris).map_err(unreadable)?;
        while let Some(uri) = uris.next().map_err(unreadable)? {
            if self.items.len() == MOST_SUBSCRIPTIONS {
                return Err(Fault::params(
                    "long_list",
                    "there are too many subscriptions",
                ));
            }
            let name = text(Some(uri), "no_name")?;
            self.items.push(Item {
                kind: Kind::Resource,
                name,
            });
        }
        Ok(meta)
    }

    fn task(&mut self, params: &'a str) -> Result<Option<Value<'a>>, Fault> {
        let [meta, task] = known(params, ["_meta", "taskId"])?;
        self.name = Some((text(task, "no_name")?, false));
        Ok(meta)
    }
}

fn version(meta: Option<Value<'_>>) -> Result<Option<Cow<'_, str>>, Fault> {
    let meta = match meta {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(meta)) => meta,
        Some(_) => return Err(Fault::params("no_meta", "_meta is an object")),
    };
    match known(meta, [VERSION])? {
        [None | Some(Value::Null)] => Ok(None),
        [version] => text(version, "no_version").map(Some),
    }
}

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const MOST_SUBSCRIPTIONS: usize = 1000;
