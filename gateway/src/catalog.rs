//! The endpoints of the REST API, as the database declares them.
//!
//! The gateway knows no endpoint by name: it reads `affiliate_api.endpoints()`, routes by it and validates by it, and
//! reads it again when the database says that it changed. So a new endpoint is a new SQL file.

pub mod arguments;
mod decimal;
mod endpoint;
mod format;
pub mod json;
pub mod parameter;
mod urlencoded;

use std::sync::{Arc, PoisonError, RwLock};

use crate::server::database::{CallError, Database, Repeat};
use axum::http::Method;

pub use decimal::MAX_SAFE_INTEGER;
pub use endpoint::{Declared, Endpoint, EndpointError};

/// What a method and a path lead to.
#[derive(Debug)]
pub enum Route<'path> {
    /// An endpoint, and the segments of the path that stand for parameters.
    Found(Arc<Endpoint>, Vec<&'path str>),
    /// The path exists with these other methods (the value of an `Allow` header).
    OtherMethods(String),
    /// There is no such path.
    Unknown,
}

/// The endpoints that share a path.
pub type Resource = Vec<Arc<Endpoint>>;

/// What the database declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declarations {
    /// The endpoints.
    pub endpoints: Vec<Declared>,
    /// The names and texts of the JSON schemas that endpoints answer with.
    pub schemas: Vec<(String, String)>,
}

/// All endpoints, routable.
#[derive(Debug, Default)]
pub struct Catalog {
    router: matchit::Router<usize>,
    resources: Vec<Resource>,
    declarations: Declarations,
}

impl Catalog {
    /// Builds the routes. A declaration that cannot be served is logged and left out, so that it takes no other
    /// endpoint down with it.
    pub fn new(declarations: Declarations) -> Self {
        let mut catalog = Self::default();
        for row in &declarations.endpoints {
            if let Err(error) = catalog.add(row.clone()) {
                tracing::error!(function = row.function_name, path = row.path, %error, "endpoint left out");
            }
        }
        catalog.declarations = declarations;
        catalog
    }

    fn add(&mut self, declared: Declared) -> Result<(), EndpointError> {
        let endpoint = Arc::new(Endpoint::new(declared)?);
        let pattern = route_pattern(&endpoint.template);
        let known = self.router.at(&pattern).ok().map(|found| *found.value);
        let same_shape = known.filter(|index| {
            self.resources[*index]
                .first()
                .is_some_and(|first| route_pattern(&first.template) == pattern)
        });
        match same_shape {
            Some(index)
                if self.resources[index]
                    .iter()
                    .any(|other| other.method == endpoint.method) =>
            {
                Err(EndpointError::Duplicate)
            }
            Some(index) => {
                self.resources[index].push(endpoint);
                Ok(())
            }
            None => {
                self.router.insert(pattern, self.resources.len())?;
                self.resources.push(vec![endpoint]);
                Ok(())
            }
        }
    }

    /// Finds the endpoint for a request; HEAD is answered as GET would be.
    pub fn route<'path>(&self, method: &Method, path: &'path str) -> Route<'path> {
        let Ok(found) = self.router.at(path) else {
            return Route::Unknown;
        };
        let resource = &self.resources[*found.value];
        let wanted = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        match resource.iter().find(|endpoint| endpoint.method == *wanted) {
            Some(endpoint) => Route::Found(
                Arc::clone(endpoint),
                found.params.iter().map(|(_, value)| value).collect(),
            ),
            None => Route::OtherMethods(allowed(resource)),
        }
    }

    /// The endpoints that are served, grouped by path: those of one group differ in their method, and may name the
    /// parameters of the path differently.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The names and texts of the JSON schemas that endpoints answer with.
    pub fn schemas(&self) -> &[(String, String)] {
        &self.declarations.schemas
    }

    /// How many endpoints are served.
    pub fn len(&self) -> usize {
        self.resources.iter().map(Vec::len).sum()
    }

    /// Whether no endpoint is served, as before the catalog could be read.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }
}

/// The path for the router: parameters named by position, since paths that share a prefix may name them differently.
fn route_pattern(template: &str) -> String {
    let mut position = 0;
    let segments = template.split('/').map(|segment| {
        if segment.starts_with(':') {
            position += 1;
            format!("{{p{position}}}")
        } else {
            segment.replace('{', "{{").replace('}', "}}")
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn allowed(resource: &Resource) -> String {
    let mut methods: Vec<&str> = resource
        .iter()
        .map(|endpoint| endpoint.method.as_str())
        .collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.sort_unstable();
    methods.join(", ")
}

/// The catalog in force, replaced as a whole.
#[derive(Debug, Default)]
pub struct SharedCatalog(RwLock<Arc<Catalog>>);

impl SharedCatalog {
    /// The catalog in force now.
    pub fn current(&self) -> Arc<Catalog> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another catalog in force if it differs; says whether it did.
    pub fn replace(&self, declarations: Declarations) -> bool {
        if self.current().declarations == declarations {
            return false;
        }
        let catalog = Arc::new(Catalog::new(declarations));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = catalog;
        true
    }
}

/// Reads the declarations from the database.
pub async fn load(database: &Database) -> Result<Declarations, CallError> {
    let endpoints = database
        .query(
            "SELECT e.function_name::text, e.method::text, e.path::text, e.success_status::integer, \
                    e.scope::text, e.parameters::text, e.summary::text, e.description::text, \
                    e.tool_name::text, e.response::text, e.body_schema::text \
               FROM affiliate_api.endpoints() AS e ORDER BY 3, 2, 1",
            &[],
            Repeat::Safe,
        )
        .await?;
    let schemas = database
        .query(
            "SELECT s.schema_name::text, s.schema::text FROM affiliate_api.schemas() AS s ORDER BY 1",
            &[],
            Repeat::Safe,
        )
        .await?;
    Ok(Declarations {
        endpoints: endpoints.iter().map(declared).collect::<Result<_, _>>()?,
        schemas: schemas
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, tokio_postgres::Error>>()?,
    })
}

fn declared(row: &tokio_postgres::Row) -> Result<Declared, tokio_postgres::Error> {
    Ok(Declared {
        function_name: row.try_get(0)?,
        method: row.try_get(1)?,
        path: row.try_get(2)?,
        success_status: row.try_get(3)?,
        scope: row.try_get(4)?,
        parameters: row.try_get(5)?,
        summary: row.try_get(6)?,
        description: row.try_get(7)?,
        tool_name: row.try_get(8)?,
        response: row.try_get(9)?,
        body_schema: row.try_get(10)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(function: &str, method: &str, path: &str) -> Declared {
        Declared {
            function_name: function.into(),
            method: method.into(),
            path: path.into(),
            success_status: 200,
            scope: "read".into(),
            parameters: "{}".into(),
            ..Declared::default()
        }
    }

    fn catalog() -> Catalog {
        Catalog::new(declarations(vec![
            declared("list", "GET", "/api/v1/affiliates"),
            declared("get", "GET", "/api/v1/affiliates/:email"),
            declared("update", "PUT", "/api/v1/affiliates/:email"),
            declared("nested", "GET", "/api/v1/affiliates/:id/coupons"),
            declared("fixed", "GET", "/api/v1/affiliates/export"),
            declared("twice", "GET", "/api/v1/affiliates/:other"),
            declared("bad", "GE T", "/x"),
        ]))
    }

    fn declarations(endpoints: Vec<Declared>) -> Declarations {
        Declarations {
            endpoints,
            schemas: Vec::new(),
        }
    }

    fn found<'a>(
        catalog: &Catalog,
        method: Method,
        path: &'a str,
    ) -> Option<(String, Vec<&'a str>)> {
        match catalog.route(&method, path) {
            Route::Found(endpoint, segments) => Some((endpoint.statement.clone(), segments)),
            _ => None,
        }
    }

    #[test]
    fn routes_by_method_and_path_without_decoding() {
        let catalog = catalog();
        let (statement, segments) =
            found(&catalog, Method::GET, "/api/v1/affiliates/a%2Fb%40c").expect("a route");
        assert!(
            statement.contains(r#"affiliate_api."get"(caller.project_id, $5::text::jsonb)"#),
            "{statement}"
        );
        assert_eq!(segments, ["a%2Fb%40c"]);
        let (statement, _) = found(&catalog, Method::HEAD, "/api/v1/affiliates").expect("a route");
        assert!(statement.contains("\"list\""));
        let (statement, _) =
            found(&catalog, Method::GET, "/api/v1/affiliates/export").expect("a route");
        assert!(statement.contains("\"fixed\""));
        assert!(found(&catalog, Method::GET, "/api/v1/affiliates/1/coupons").is_some());
    }

    #[test]
    fn other_methods_and_unknown_paths_are_told_apart() {
        let catalog = catalog();
        let Route::OtherMethods(allow) = catalog.route(&Method::DELETE, "/api/v1/affiliates/x")
        else {
            panic!("405 expected");
        };
        assert_eq!(allow, "GET, HEAD, PUT");
        assert!(matches!(
            catalog.route(&Method::GET, "/api/v1/nothing"),
            Route::Unknown
        ));
    }

    #[test]
    fn a_bad_declaration_takes_no_other_down() {
        assert_eq!(catalog().len(), 5);
    }

    #[test]
    fn an_unchanged_catalog_is_kept() {
        let shared = SharedCatalog::default();
        assert!(shared.replace(declarations(vec![declared("list", "GET", "/a")])));
        let first = shared.current();
        assert!(!shared.replace(declarations(vec![declared("list", "GET", "/a")])));
        assert!(Arc::ptr_eq(&first, &shared.current()));
    }
}
