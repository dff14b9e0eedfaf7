//! The README and the guides: their code blocks are compiled and run as tests.

macro_rules! guides {
    ($($name:ident: $path:literal,)*) => {
        $(
            #[doc = include_str!(concat!("../", $path))]
            struct $name;
        )*
    };
}

guides! {
    Readme: "README.md",
    Audit: "docs/audit.md",
    BehindAProxy: "docs/behind-a-proxy.md",
    FromPython: "docs/from-python.md",
    Keys: "docs/keys.md",
    Mcp: "docs/mcp.md",
    Metrics: "docs/metrics.md",
    Migrating: "docs/migrating.md",
    RecipesAuth0: "docs/recipes/auth0.md",
    RecipesCognito: "docs/recipes/cognito.md",
    RecipesEntraId: "docs/recipes/entra-id.md",
    RecipesFirebase: "docs/recipes/firebase.md",
    RecipesGithubActions: "docs/recipes/github-actions.md",
    RecipesGoogle: "docs/recipes/google.md",
    RecipesKeycloak: "docs/recipes/keycloak.md",
    RecipesKubernetes: "docs/recipes/kubernetes.md",
    RecipesOkta: "docs/recipes/okta.md",
    RecipesSessions: "docs/recipes/sessions.md",
    RecipesSupabase: "docs/recipes/supabase.md",
    RecipesTenants: "docs/recipes/tenants.md",
    RecipesZitadel: "docs/recipes/zitadel.md",
    Replicas: "docs/replicas.md",
    Revocation: "docs/revocation.md",
    Streams: "docs/streams.md",
    Testing: "docs/testing.md",
    Throttling: "docs/throttling.md",
}
