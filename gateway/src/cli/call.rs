//! Calling a product function by its argument names. Only the arguments that were given are passed, so that the
//! defaults live in one place, the function.

use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::{CliError, Global, output};

/// One call of a function in schema `affiliate`. Values travel as text and are cast by the server, whose messages
/// about them are the ones to show.
pub(super) struct Call {
    function: &'static str,
    arguments: Vec<String>,
    values: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Call {
    pub fn new(function: &'static str) -> Self {
        Self {
            function,
            arguments: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Passes `value` as the argument `name` of SQL type `sql_type`.
    pub fn arg(self, name: &str, sql_type: &str, value: impl ToString) -> Self {
        self.push(name, sql_type, Box::new(value.to_string()), Type::TEXT)
    }

    /// The same for an option that may not have been given.
    pub fn maybe(self, name: &str, sql_type: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.arg(name, sql_type, value),
            None => self,
        }
    }

    /// A `text[]` argument, left out when empty.
    pub fn list(self, name: &str, values: Vec<String>) -> Self {
        if values.is_empty() {
            self
        } else {
            self.push(name, "text[]", Box::new(values), Type::TEXT_ARRAY)
        }
    }

    fn push(
        mut self,
        name: &str,
        sql_type: &str,
        value: Box<dyn ToSql + Sync + Send>,
        wire: Type,
    ) -> Self {
        self.values.push((value, wire));
        self.arguments
            .push(format!("{name} => ${}::{sql_type}", self.values.len()));
        self
    }

    fn expression(&self) -> String {
        format!("affiliate.{}({})", self.function, self.arguments.join(", "))
    }

    fn parameters(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        self.values
            .iter()
            .map(|(value, wire)| (&**value as &(dyn ToSql + Sync), wire.clone()))
            .collect()
    }

    /// The JSON the function returns.
    pub async fn json(self, client: &Client) -> Result<Value, CliError> {
        let sql = format!("SELECT {}::text", self.expression());
        let rows = client.query_typed(&sql, &self.parameters()).await?;
        let text: Option<String> = rows.first().and_then(|row| row.get(0));
        Ok(text.map_or(Ok(Value::Null), |text| serde_json::from_str(&text))?)
    }

    /// Prints the JSON the function returns.
    pub async fn print(self, global: &Global) -> Result<(), CliError> {
        let client = global.connect().await?;
        output::print(global.json, &self.json(&client).await?);
        Ok(())
    }

    /// Prints the list the function returns, as [`output::print_list`] does.
    pub async fn print_list(self, global: &Global, name: &str, none: &str) -> Result<(), CliError> {
        let client = global.connect().await?;
        output::print_list(global.json, name, &self.json(&client).await?, none);
        Ok(())
    }

    /// The rows of a set-returning function, each as a JSON object.
    pub async fn rows(self, client: &Client) -> Result<Vec<Value>, CliError> {
        let sql = format!(
            "SELECT pg_catalog.row_to_json(f)::text FROM {} AS f",
            self.expression()
        );
        let rows = client.query_typed(&sql, &self.parameters()).await?;
        rows.iter()
            .map(|row| Ok(serde_json::from_str(row.get(0))?))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_given_arguments_are_passed() {
        let call = Call::new("create_project")
            .arg("p_name", "text", "Shop")
            .maybe("p_currency", "text", None::<String>)
            .maybe("p_hold_days", "integer", Some(14))
            .list("p_events", Vec::new());
        assert_eq!(
            call.expression(),
            "affiliate.create_project(p_name => $1::text, p_hold_days => $2::integer)"
        );
        assert_eq!(call.parameters().len(), 2);
    }
}
