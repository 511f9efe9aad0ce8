//! Runs as one table, for tools that query many of them: a row a sample, with what its run, host and case say. Parquet.

mod columns;

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::plan::Case;
use crate::record::{Run, RunRecord};
use crate::sample::Sample;

use columns::{COLUMNS, Column, Kind, Value};

/// What a row is made from.
#[derive(Clone, Copy)]
struct Row<'a> {
    run: &'a RunRecord,
    case: &'a Case,
    sample: &'a Sample,
}

/// Writes all samples of `runs`, a row group for each run. Returns how many.
pub(crate) fn write(runs: &[Run], out: impl Write + Send) -> Result<usize> {
    let fields = COLUMNS.iter().map(|column| Ok(Arc::new(field(column)?)));
    let fields = fields.collect::<Result<Vec<_>>>()?;
    let schema = Type::group_type_builder("sample").with_fields(fields).build()?;
    let properties = WriterProperties::builder().build();
    let mut writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
    let mut written = 0;
    for run in runs {
        let rows = rows(run)?;
        written += rows.len();
        let mut group = writer.next_row_group()?;
        COLUMNS.iter().try_for_each(|column| put(&mut group, column, &rows))?;
        group.close()?;
    }
    writer.close()?;
    Ok(written)
}

fn rows(run: &Run) -> Result<Vec<Row<'_>>> {
    let cases: HashMap<&str, &Case> = run.record.cases.iter().map(|case| (case.id.as_str(), case)).collect();
    let row = |sample| {
        let Sample { case, .. } = sample;
        let case = cases.get(case.as_str()).with_context(|| format!("{}: no case {case}", run.record.run))?;
        Ok(Row { run: &run.record, case, sample })
    };
    run.samples.iter().map(row).collect()
}

/// Whatever a run may not know is null, and everything may.
fn field(column: &Column) -> Result<Type> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Number => (Physical::INT64, Some(LogicalType::Integer { bit_width: 64, is_signed: false })),
        Kind::Flag => (Physical::BOOLEAN, None),
    };
    let builder = Type::primitive_type_builder(column.name, physical);
    Ok(builder.with_logical_type(logical).with_repetition(Repetition::OPTIONAL).build()?)
}

fn put(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    column: &Column,
    rows: &[Row<'_>],
) -> Result<()> {
    let values = rows.iter().map(|row| (column.value)(*row));
    match column.kind {
        Kind::Text => put_as::<ByteArrayType>(
            group,
            values.map(|value| match value {
                Some(Value::Text(text)) => Some(ByteArray::from(text.into_bytes())),
                _ => None,
            }),
        ),
        Kind::Number => put_as::<Int64Type>(
            group,
            values.map(|value| match value {
                // The logical type says that the bits are those of an unsigned number.
                Some(Value::Number(number)) => Some(number.cast_signed()),
                _ => None,
            }),
        ),
        Kind::Flag => put_as::<BoolType>(
            group,
            values.map(|value| match value {
                Some(Value::Flag(flag)) => Some(flag),
                _ => None,
            }),
        ),
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
