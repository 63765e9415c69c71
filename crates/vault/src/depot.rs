//! Where sealed bytes lie: a directory, or an S3-compatible store. Knows names and nothing of what they hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;

use crate::VaultError;

/// A directory or a part of an S3-compatible store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Depot {
    store: Arc<dyn ObjectStore>,
    local: Option<PathBuf>,
    prefix: Name,
}

impl Depot {
    /// Opens `place`: a directory, made where there is none, or an address such as `s3://bucket/prefix` whose credentials
    /// come from the environment (`AWS_…`).
    ///
    /// # Errors
    /// When the place can't be made or is none.
    pub fn open(place: &str) -> Result<Self, VaultError> {
        if !place.contains("://") {
            std::fs::create_dir_all(place)?;
            let store = LocalFileSystem::new_with_prefix(place)?;
            return Ok(Self { local: Some(PathBuf::from(place)), ..Self::new(Arc::new(store)) });
        }
        // Whoever was first stays: all of this house's TLS stands on the same library.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address = place.parse().map_err(|_| VaultError::Place(place.to_owned()))?;
        let settings = std::env::vars().filter(|(name, _)| name.starts_with("AWS_"));
        let settings = settings.map(|(name, value)| (name.to_lowercase(), value));
        let (store, prefix) = object_store::parse_url_opts(&address, settings)
            .map_err(|_| VaultError::Place(place.to_owned()))?;
        Ok(Self { prefix, ..Self::new(Arc::from(store)) })
    }

    /// A store that was opened otherwise.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, local: None, prefix: Name::default() }
    }

    /// The store.
    pub const fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The directory itself, where it is one.
    pub fn local(&self) -> Option<&Path> {
        self.local.as_deref()
    }

    /// What a name, its parts divided by `/`, is called in the store; the empty name is the depot itself.
    pub fn at(&self, name: &str) -> Name {
        name.split('/').filter(|part| !part.is_empty()).fold(self.prefix.clone(), Name::join)
    }
}
