//! What `affiliate dev` has to remember, in `demo.json` of the state directory: passwords, and the secrets that the
//! database shows only once.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio_postgres::Client;

use crate::auth::api_key::ApiKey;
use crate::cli::CliError;
use crate::cli::call::Call;
use crate::embedded::{random_secret, write_private};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    passwords: Option<Passwords>,
    /// What the demo project's creation answered, by database.
    #[serde(default)]
    demos: Map<String, Value>,
}

/// The passwords of the logins in the private Postgres.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Passwords {
    pub owner: String,
    pub gateway: String,
    pub analyst: String,
}

/// The file and what is in it.
#[derive(Debug)]
pub(super) struct Memory {
    file: PathBuf,
    contents: Contents,
}

impl Memory {
    /// Reads the file; a missing or damaged one is as good as an empty one, since everything in it can be made anew.
    pub fn load(state_dir: &Path) -> Self {
        let file = state_dir.join("demo.json");
        let contents = fs::read_to_string(&file)
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok());
        Self {
            file,
            contents: contents.unwrap_or_default(),
        }
    }

    /// The passwords, made up the first time.
    pub fn passwords(&mut self) -> Result<Passwords, CliError> {
        if let Some(passwords) = &self.contents.passwords {
            return Ok(passwords.clone());
        }
        let secret = || random_secret().map_err(|error| CliError::Server(error.to_string()));
        let passwords = Passwords {
            owner: secret()?,
            gateway: secret()?,
            analyst: secret()?,
        };
        self.contents.passwords = Some(passwords.clone());
        self.save()?;
        Ok(passwords)
    }

    /// Creates the demo project unless it is there, and adds what was said about it at its creation.
    pub async fn seed_demo(&mut self, owner: &Client, database: &str) -> Result<Value, CliError> {
        let seeded = Call::new("seed_demo").json(owner).await?;
        let mut demo = match self.contents.demos.get(database) {
            // Of a database that has been replaced since, nothing is true any more.
            Some(Value::Object(known))
                if seeded["api_key"].is_null()
                    && known.get("project_id") == seeded.get("project_id") =>
            {
                known.clone()
            }
            _ => Map::new(),
        };
        if let Value::Object(fields) = seeded {
            demo.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
        }
        let project = demo.get("project_id").cloned().unwrap_or_default();
        let key = demo.get("api_key").and_then(Value::as_str);
        if !works(owner, &project, key.and_then(ApiKey::parse)).await? {
            let call = Call::new("create_api_key").arg("p_project_id", "bigint", project);
            let key = call
                .arg("p_name", "text", "affiliate dev")
                .json(owner)
                .await?;
            demo.insert("api_key".to_owned(), key["api_key"].clone());
        }
        self.contents
            .demos
            .insert(database.to_owned(), Value::Object(demo.clone()));
        self.save()?;
        Ok(Value::Object(demo))
    }

    fn save(&self) -> Result<(), CliError> {
        if let Some(directory) = self.file.parent() {
            fs::create_dir_all(directory)?;
        }
        let text = serde_json::to_string_pretty(&self.contents)?;
        write_private(&self.file, &text).map_err(|error| CliError::Server(error.to_string()))
    }
}

/// Whether the project still has this key, not revoked.
async fn works(owner: &Client, project: &Value, key: Option<ApiKey<'_>>) -> Result<bool, CliError> {
    let Some(key) = key else {
        return Ok(false);
    };
    let call = Call::new("list_api_keys").arg("p_project_id", "bigint", project);
    let keys = call.json(owner).await?;
    let mut keys = keys.as_array().into_iter().flatten();
    Ok(keys.any(|known| known["id"] == key.id && known["revoked_at"].is_null()))
}
