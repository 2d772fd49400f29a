package io.embark.analysis.search;

import io.embark.UserError;
import io.embark.analysis.search.PartitionSearch.Queries;
import io.embark.analysis.search.PartitionSearch.Queries.Query;
import io.embark.analysis.search.PartitionSearch.TopHits;
import io.embark.analysis.search.PartitionSearch.TopHits.Hit;
import io.embark.spark.VectorColumn;
import io.embark.spark.column.Columns;
import io.embark.spark.wire.Packed;
import io.embark.spark.wire.Sent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;
import scala.collection.JavaConverters;

/**
 * Searches a table for the rows whose vectors are nearest to those of queries: exactly, every row
 * is compared. Each task keeps the best of its partition for every query, and only these are
 * merged. Queries go through the table in blocks, so that memory does not grow with their number.
 *
 * @param vectorCol written by Embark; rows where it is null are skipped, and under {@link
 *     Metric#COSINE} those where it is all zeros
 * @param kept columns of the table that come with a hit; rows equally near stand in the order of
 *     the first, then the second, and so on
 * @param most hits per query
 */
public record VectorSearch(
    Dataset<Row> table, String vectorCol, List<String> kept, Metric metric, int most) {
  private static final StructType HIT =
      StructType.fromDDL(
          "query_id BIGINT NOT NULL, query STRING, rank INT NOT NULL, score DOUBLE NOT NULL");

  /** Columns of the result before those kept of the table. */
  public static final List<String> RESULT = List.of(HIT.fieldNames());

  /** Columns that queries have, and then their vectors. */
  private static final List<String> QUERY = List.of("query_id", "query");

  private static final int BLOCK_BYTES = 64 << 20;
  private static final int BLOCK_HITS = 200_000;

  /** Tasks per slot and block: more only make more lists to merge. */
  private static final int TASKS_PER_SLOT = 4;

  /**
   * @throws UserError if a column is missing or is named like one of the result's
   */
  public VectorSearch {
    if (most < 1) {
      throw new UserError("Found %d hits per query, wanted 1 or more.".formatted(most));
    }
    if (kept.contains(vectorCol)) {
      throw new UserError(
          "Column '%s' holds the vectors that are searched; it cannot come back with the hits."
              .formatted(vectorCol));
    }
    for (String name : kept) {
      if (!List.of(table.columns()).contains(name)) {
        throw new UserError(
            "No column '%s' in the table; it has %s."
                .formatted(name, String.join(", ", table.columns())));
      }
      if (RESULT.contains(name)) {
        throw new UserError(
            "The table's column '%s' is named like one of the result (%s); leave it out or rename it."
                .formatted(name, String.join(", ", RESULT)));
      }
    }
  }

  /**
   * The hits, rank 1 the best of a query; queries without a vector have none. Searched when the
   * result is read, but the queries are read now, a block at a time.
   *
   * @param queries with the columns {@code query_id bigint} and {@code query string}, both of which
   *     come back, and their vectors
   * @param queryVectorCol vectors of the same size as the table's, of any type Embark writes
   */
  public Dataset<Row> of(Dataset<Row> queries, String queryVectorCol) {
    SparkSession spark = table.sparkSession();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Dataset<Row> read = withVectors(table, kept, vectorCol);
    VectorColumn vectors = VectorColumn.of(read.schema(), vectorCol);
    JavaRDD<Row> all = read.toJavaRDD();
    int tasks = TASKS_PER_SLOT * spark.sparkContext().defaultParallelism();
    JavaRDD<Row> rows = all.getNumPartitions() > tasks ? all.coalesce(tasks) : all;

    Dataset<Row> asked = withVectors(queries, QUERY, queryVectorCol);
    VectorColumn queryVectors = VectorColumn.of(asked.schema(), queryVectorCol);
    int dimension = vectors.dimension();
    if (queryVectors.dimension() != dimension) {
      throw new UserError(
          "The queries' vectors have %d values, those of the table %d."
              .formatted(queryVectors.dimension(), dimension));
    }
    int size = Math.max(1, Math.min(BLOCK_BYTES / (Float.BYTES * dimension), BLOCK_HITS / most));
    JavaRDD<Row> hits = context.emptyRDD();
    List<Query> block = new ArrayList<>();
    Iterator<Row> remaining = asked.toLocalIterator();
    while (remaining.hasNext()) {
      Row query = remaining.next();
      float[] vector = queryVectors.read(query);
      if (metric.takes(PartitionSearch.norm(vector))) {
        block.add(new Query(query.getLong(0), query.getString(1), vector));
      }
      if (block.size() == size || !block.isEmpty() && !remaining.hasNext()) {
        hits = hits.union(search(rows, vectors, Sent.of(context, Queries.of(block, dimension))));
        block.clear();
      }
    }
    StructType schema = HIT;
    for (String name : kept) {
      schema = schema.add(read.schema().apply(name));
    }
    return spark.createDataFrame(hits, schema);
  }

  /** These columns and then the vectors, of the rows that have one. */
  private static Dataset<Row> withVectors(Dataset<Row> rows, List<String> names, String vectorCol) {
    return rows.where(Columns.of(vectorCol).isNotNull())
        .select(
            Stream.concat(names.stream(), Stream.of(vectorCol))
                .map(Columns::of)
                .toArray(Column[]::new));
  }

  private JavaRDD<Row> search(JavaRDD<Row> rows, VectorColumn vectors, Sent<Queries> queries) {
    // Locals: a lambda that used the fields would carry the table to the executors.
    int width = kept.size();
    int best = most;
    Metric by = metric;
    return rows.mapPartitionsToPair(
            partition -> {
              PartitionSearch search = new PartitionSearch(queries.value(), by, best);
              partition.forEachRemaining(row -> search.add(vectors.read(row), first(row, width)));
              return search.finish().stream()
                  .map(hits -> Tuple2.apply(hits._1(), Packed.of(hits._2())))
                  .iterator();
            })
        .reduceByKey(
            (left, right) -> Packed.of(TopHits.merge(Packed.read(left), Packed.read(right), best)))
        .flatMap(hits -> rows(hits, queries.value(), by));
  }

  private static Iterator<Row> rows(Tuple2<Integer, byte[]> found, Queries queries, Metric metric) {
    int query = found._1();
    List<Row> rows = new ArrayList<>();
    for (Hit hit : Packed.<Hit[]>read(found._2())) {
      double score = metric.score(hit.similarity());
      List<Object> values = new ArrayList<>();
      Collections.addAll(
          values, queries.ids()[query], queries.texts()[query], rows.size() + 1, score);
      values.addAll(JavaConverters.seqAsJavaList(hit.row().toSeq()));
      rows.add(RowFactory.create(values.toArray()));
    }
    return rows.iterator();
  }

  private static Row first(Row row, int width) {
    Object[] values = new Object[width];
    Arrays.setAll(values, row::get);
    return RowFactory.create(values);
  }
}
