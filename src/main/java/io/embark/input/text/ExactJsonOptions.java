package io.embark.input.text;

import com.fasterxml.jackson.core.JsonFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.json.JSONOptionsInRead;
import org.apache.spark.sql.internal.SQLConf;
import scala.collection.immutable.Map;

/** The options of Spark's JSON reader, which then reads with {@link ExactJsonFactory}. */
final class ExactJsonOptions extends JSONOptionsInRead {
  private static final long serialVersionUID = 1;

  private ExactJsonOptions(Map<String, String> options, String timeZone, String corruptRecord) {
    super(options, timeZone, corruptRecord);
  }

  static ExactJsonOptions of(SparkSession spark, Map<String, String> options) {
    SQLConf conf = spark.sessionState().conf();
    return new ExactJsonOptions(
        options, conf.sessionLocalTimeZone(), conf.columnNameOfCorruptRecord());
  }

  @Override
  public JsonFactory buildJsonFactory() {
    return new ExactJsonFactory(super.buildJsonFactory());
  }
}
