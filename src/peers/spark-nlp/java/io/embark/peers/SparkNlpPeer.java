package io.embark.peers;

import com.johnsnowlabs.nlp.DocumentAssembler;
import com.johnsnowlabs.nlp.EmbeddingsFinisher;
import com.johnsnowlabs.nlp.embeddings.E5Embeddings;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** Spark NLP: a pipeline of its annotators, a text taken as one document. */
public final class SparkNlpPeer {
  private SparkNlpPeer() {}

  /**
   * @param args those of {@link Passes}, folder of the model, texts a batch, and threads of ONNX
   *     Runtime
   */
  public static void main(String[] args) {
    Map<String, String> settings =
        Map.of(
            // As its documentation asks for.
            "spark.serializer", "org.apache.spark.serializer.KryoSerializer",
            "spark.kryoserializer.buffer.max", "2000M",
            "spark.jsl.settings.onnx.intraOpNumThreads", args[5]);
    Passes.run(args, settings, spark -> open(spark, args[3], Integer.parseInt(args[4])));
  }

  private static UnaryOperator<Dataset<Row>> open(SparkSession spark, String model, int batch) {
    DocumentAssembler documents = new DocumentAssembler();
    documents.setInputCol("text");
    documents.setOutputCol("document");
    E5Embeddings embeddings = E5Embeddings.loadSavedModel(model, spark, false);
    embeddings.setInputCols(new String[] {"document"});
    embeddings.setOutputCol("embeddings");
    embeddings.setMaxSentenceLength(256);
    embeddings.setBatchSize(batch);
    EmbeddingsFinisher finisher = new EmbeddingsFinisher();
    finisher.setInputCols(new String[] {"embeddings"});
    finisher.setOutputCols(new String[] {"finished"});
    PipelineStage[] stages = {documents, embeddings, finisher};
    return texts -> {
      PipelineModel pipeline = new Pipeline().setStages(stages).fit(texts);
      return pipeline
          .transform(texts)
          .select(functions.col("id"), functions.col("finished").getItem(0).as("vector"));
    };
  }
}
