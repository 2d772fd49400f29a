package io.embark.input;

import io.embark.input.gate.UnreadableInput;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.orc.ColumnStatistics;
import org.apache.orc.OrcFile;
import org.apache.orc.Reader;
import org.apache.orc.TypeDescription;
import org.apache.spark.sql.execution.datasources.orc.OrcUtils;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Footers of ORC files.
 *
 * @param caseSensitive {@code spark.sql.caseSensitive}
 */
record OrcFooter(boolean caseSensitive) implements FooterReader {
  @Override
  public FileColumns read(Path file, long length, Configuration hadoop) throws IOException {
    try (Reader reader = OrcFile.createReader(file, OrcFile.readerOptions(hadoop))) {
      return columns(file, reader);
    } catch (IOException | RuntimeException e) {
      throw UnreadableInput.of(file, e);
    }
  }

  private FileColumns columns(Path file, Reader reader) {
    TypeDescription root = reader.getSchema();
    if (root.getCategory() != TypeDescription.Category.STRUCT) {
      throw new UnreadableInput(
          file, "it holds %s, and rows have columns (struct)".formatted(root), null);
    }
    StructType schema = new StructType();
    Map<String, String> unreadable = new LinkedHashMap<>();
    List<String> names = root.getFieldNames();
    FileColumns.ambiguous(names, caseSensitive, unreadable);
    for (int i = 0; i < names.size(); i++) {
      TypeDescription type = root.getChildren().get(i);
      try {
        StructType one =
            OrcUtils.toCatalystSchema(
                TypeDescription.createStruct().addField(names.get(i), type.clone()));
        StructField field = one.apply(0);
        schema =
            schema.add(new StructField(names.get(i), field.dataType(), true, field.metadata()));
      } catch (Exception e) {
        // Also where the column is not wanted, as Spark's reader looks at all of them.
        throw new UnreadableInput(
            file,
            "its column '%s' is %s, a type of ORC that Spark does not read; write it without that column"
                .formatted(names.get(i), type),
            e);
      }
    }
    ColumnStatistics[] statistics = reader.getStatistics();
    Set<String> empty =
        Stream.of(schema.fieldNames())
            .filter(name -> statistics[id(root, name)].getNumberOfValues() == 0)
            .collect(Collectors.toSet());
    return new FileColumns(file.toString(), reader.getNumberOfRows(), schema, unreadable, empty);
  }

  private static int id(TypeDescription root, String column) {
    return root.getChildren().get(root.getFieldNames().indexOf(column)).getId();
  }
}
