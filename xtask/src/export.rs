//! Runs as one table, for tools that query many of them: a row a sample, with what its run, host and case say. Parquet.

mod columns;

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArrayType, DataType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::plan::Case;
use crate::record::{Run, RunRecord};
use crate::sample::Sample;

use columns::{COLUMNS, Column, Values};

/// What a row is made from.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    run: &'a RunRecord,
    case: &'a Case,
    sample: &'a Sample,
}

/// A table that is being written, run by run: no more than one need be in memory.
pub(crate) struct Table<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: usize,
}

impl<W: Write + Send> Table<W> {
    pub(crate) fn new(out: W) -> Result<Self> {
        let fields = COLUMNS.iter().map(|column| Ok(Arc::new(field(column)?)));
        let fields = fields.collect::<Result<Vec<_>>>()?;
        let schema = Type::group_type_builder("sample").with_fields(fields).build()?;
        let properties = WriterProperties::builder().build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        Ok(Self { writer, rows: 0 })
    }

    /// Adds all samples of `run`, as a row group of their own.
    pub(crate) fn add(&mut self, run: &Run) -> Result<()> {
        let rows = rows(run)?;
        let mut group = self.writer.next_row_group()?;
        COLUMNS.iter().try_for_each(|column| put(&mut group, column, &rows))?;
        group.close()?;
        self.rows += rows.len();
        Ok(())
    }

    /// Writes the end, without which a reader finds no table. Returns how many rows there are.
    pub(crate) fn finish(self) -> Result<usize> {
        self.writer.close()?;
        Ok(self.rows)
    }
}

fn rows(run: &Run) -> Result<Vec<Row<'_>>> {
    let cases: HashMap<&str, &Case> = run.record.cases.iter().map(|case| (case.id.as_str(), case)).collect();
    run.samples
        .iter()
        .map(|sample| {
            let case = cases
                .get(sample.case.as_str())
                .with_context(|| format!("{}: no case {}", run.folder.display(), sample.case))?;
            Ok(Row { run: &run.record, case, sample })
        })
        .collect()
}

/// Whatever a run may not know is null, and everything may.
fn field(column: &Column) -> Result<Type> {
    let (physical, logical) = match column.values {
        Values::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Values::Number(_) => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Values::Flag(_) => (Physical::BOOLEAN, None),
    };
    let builder = Type::primitive_type_builder(column.name, physical);
    Ok(builder.with_logical_type(logical).with_repetition(Repetition::OPTIONAL).build()?)
}

fn put(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    column: &Column,
    rows: &[Row<'_>],
) -> Result<()> {
    let rows = rows.iter().copied();
    match column.values {
        Values::Text(of) => {
            put_as::<ByteArrayType>(group, rows.map(|row| of(row).map(|text| text.into_bytes().into())))
        }
        // The logical type says that the bits are those of an unsigned number.
        Values::Number(of) => put_as::<Int64Type>(group, rows.map(|row| of(row).map(u64::cast_signed))),
        Values::Flag(of) => put_as::<BoolType>(group, rows.map(of)),
    }
}

fn put_as<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<()> {
    let values: Vec<Option<T::T>> = values.collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let there: Vec<T::T> = values.into_iter().flatten().collect();
    let mut column = group.next_column()?.context("the file has as many columns as the table")?;
    column.typed::<T>().write_batch(&there, Some(&levels), None)?;
    Ok(column.close()?)
}

#[cfg(test)]
mod tests;
