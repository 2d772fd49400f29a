package io.embark.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Spark's own writer is what ours is held to, byte for byte. */
class VectorWriteSupportTest {
  @TempDir Path dir;

  /** Pages and row groups of a few rows. */
  private static InternalRowWriter small(InternalRowWriter builder) {
    return builder
        .withDictionaryEncoding(false)
        .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
        .withPageSize(4 << 10)
        .withRowGroupSize(64L << 10)
        .withMinRowCountForPageSizeCheck(3)
        .withMaxRowCountForPageSizeCheck(20);
  }

  private void assertSame(long seed, boolean legacy, UnaryOperator<InternalRowWriter> options)
      throws IOException {
    RandomRows random = new RandomRows(seed);
    try {
      List<InternalRow> rows = random.rows(new Random(seed).nextInt(4) * 30 + 1);
      StructType schema = random.schema();
      byte[] wanted = file(schema, new ParquetWriteSupport(), legacy, options, rows);
      byte[] found = file(schema, new VectorWriteSupport(), legacy, options, rows);
      assertThat(found).as("seed %d, %s", seed, schema.simpleString()).isEqualTo(wanted);
    } finally {
      random.free();
    }
  }

  private byte[] file(
      StructType schema,
      WriteSupport<InternalRow> support,
      boolean legacy,
      UnaryOperator<InternalRowWriter> options,
      List<InternalRow> rows)
      throws IOException {
    Path file = dir.resolve("file.parquet");
    Map<String, String> spark =
        Map.of("spark.sql.parquet.writeLegacyFormat", Boolean.toString(legacy));
    InternalRowWriter builder = InternalRowWriter.to(file, schema, support, spark);
    try (ParquetWriter<InternalRow> writer = options.apply(builder).build()) {
      for (InternalRow row : rows) {
        writer.write(row);
      }
    }
    return Files.readAllBytes(file);
  }

  @Test
  void filesAreSparksWhateverIsInThem() throws IOException {
    for (long seed = 0; seed < 40; seed++) {
      assertSame(seed, false, VectorWriteSupportTest::small);
    }
  }

  @ParameterizedTest
  @EnumSource
  void filesAreSparksHoweverTheyAreWritten(Option option) throws IOException {
    for (long seed = 1000; seed < 1006; seed++) {
      assertSame(seed, option == Option.LEGACY, builder -> option.set(small(builder)));
    }
  }

  /** What changes the way values are written. */
  enum Option {
    LEGACY,
    DICTIONARY {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder.withDictionaryEncoding(true);
      }
    },
    SECOND_VERSION {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder.withWriterVersion(WriterVersion.PARQUET_2_0);
      }
    },
    BYTE_STREAM_SPLIT {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder.withByteStreamSplitEncoding(true);
      }
    },
    BLOOM_FILTER {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder.withBloomFilterEnabled(true);
      }
    },
    CHECKSUM {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder.withPageWriteChecksumEnabled(true);
      }
    },
    VALIDATION {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder.withValidation(true);
      }
    },
    SNAPPY {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder.withCompressionCodec(CompressionCodecName.SNAPPY);
      }
    },
    ZSTD {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder.withCompressionCodec(CompressionCodecName.ZSTD);
      }
    },
    DEFAULT_SIZES {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder
            .withPageSize(1 << 20)
            .withRowGroupSize(128L << 20)
            .withMinRowCountForPageSizeCheck(100)
            .withMaxRowCountForPageSizeCheck(10_000);
      }
    },
    A_ROW_A_PAGE {
      @Override
      InternalRowWriter set(InternalRowWriter builder) {
        return builder.withPageRowCountLimit(1);
      }
    };

    InternalRowWriter set(InternalRowWriter builder) {
      return builder;
    }
  }

  @Test
  void everyKindOfVectorGoesInBulk() throws IOException {
    StructType schema = new StructType().add("id", DataTypes.LongType);
    schema = schema.add("vector", SQLDataTypes.VectorType());
    for (DataType type :
        List.of(
            DataTypes.DoubleType,
            DataTypes.FloatType,
            DataTypes.LongType,
            DataTypes.IntegerType,
            DataTypes.ShortType,
            DataTypes.ByteType)) {
      schema = schema.add(type.typeName(), DataTypes.createArrayType(type, false));
    }
    schema =
        schema
            .add("text", DataTypes.StringType)
            .add("texts", DataTypes.createArrayType(DataTypes.StringType))
            .add("dates", DataTypes.createArrayType(DataTypes.DateType))
            .add(
                "states",
                DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.FloatType)));
    assertThat(inBulk(schema, VectorWriteSupportTest::small))
        .containsExactlyInAnyOrder("vector", "double", "float", "long", "integer", "short", "byte");
    assertThat(inBulk(schema, builder -> small(builder).withDictionaryEncoding(true))).isEmpty();
    assertThat(inBulk(schema, builder -> small(builder).withBloomFilterEnabled(true))).isEmpty();
    assertThat(inBulk(schema, builder -> small(builder).withByteStreamSplitEncoding(true)))
        .containsExactlyInAnyOrder("long", "integer", "short", "byte");
  }

  private TreeSet<String> inBulk(StructType schema, UnaryOperator<InternalRowWriter> options)
      throws IOException {
    VectorWriteSupport support = new VectorWriteSupport();
    file(schema, support, false, options, List.of());
    return new TreeSet<>(support.inBulk());
  }
}
