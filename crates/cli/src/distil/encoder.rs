//! The sentence encoder: BERT, mean over all tokens, unit length.

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config, DTYPE};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;

const CLS: u32 = 101;
const SEP: u32 = 102;

pub(super) struct Encoder {
    model: BertModel,
    device: Device,
    sha256: String,
}

impl Encoder {
    pub(super) fn load(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let config: Config = serde_json::from_slice(&read("config.json")?)?;
        let weights = read("model.safetensors")?;
        let mut sha256 = String::new();
        for byte in Sha256::digest(&weights) {
            write!(sha256, "{byte:02x}")?;
        }
        let device = Device::Cpu;
        let builder = VarBuilder::from_buffered_safetensors(weights, DTYPE, &device)?;
        let model = BertModel::load(builder, &config).context("the weights do not fit BERT")?;
        Ok(Self { model, device, sha256 })
    }

    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Vectors of texts given as piece ids, all of one length.
    pub(super) fn encode(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let framed: Vec<Vec<u32>> = texts
            .iter()
            .map(|ids| [CLS].into_iter().chain(ids.iter().copied()).chain([SEP]).collect())
            .collect();
        let ids = Tensor::new(framed, &self.device)?;
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, None)?;
        let mean = hidden.mean(1)?;
        let norm = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
        Ok(mean.broadcast_div(&norm)?.to_vec2()?)
    }
}
