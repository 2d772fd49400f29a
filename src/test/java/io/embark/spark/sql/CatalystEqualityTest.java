package io.embark.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.pooling.Pooling;
import io.embark.spark.catalyst.NodeArguments;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.OutputType;
import io.embark.spark.executor.ModelFacts;
import io.embark.spark.gpu.GpuStagePlan;
import io.embark.spark.gpu.GpuStagePlan.GpuStageExec;
import io.embark.testing.LocalSpark;
import io.embark.testing.TinyModels;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.lang3.SerializationUtils;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.TaskResourceProfile;
import org.apache.spark.resource.TaskResourceRequests;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.trees.TreeNode;
import org.apache.spark.sql.execution.SparkPlan;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Catalyst relies on to copy nodes and to find those that compute the same. */
class CatalystEqualityTest {
  @TempDir static Path model;
  private static ModelFacts mean;
  private static ModelFacts max;
  private static LogicalPlan table;
  private static SparkPlan scan;

  @BeforeAll
  static void open() {
    TinyModels.graph().hiddenSize(4).writeDirectory(model);
    // Physical plans keep the active session, and copies of them ask for it.
    SparkSession.setActiveSession(LocalSpark.session());
    mean = facts(Pooling.MEAN);
    max = facts(Pooling.MAX);
    Dataset<Row> rows = rows();
    table = rows.queryExecution().analyzed();
    scan = rows.queryExecution().executedPlan();
  }

  private static ModelFacts facts(Pooling pooling) {
    EmbedderConfig config = EmbedderConfig.of(model.toString());
    return ModelFacts.of(
        config.toBuilder()
            .set(Setting.DEVICE, "cpu", "test")
            .set(Setting.POOLING, pooling.label(), "test")
            .build());
  }

  /** Equal rows whose columns have identifiers of their own. */
  private static Dataset<Row> rows() {
    return LocalSpark.texts(1, "one").select("text");
  }

  private static Attribute text(LogicalPlan plan) {
    return plan.output().apply(0);
  }

  private static EmbedText call(Expression text, ModelFacts facts, String... given) {
    return new EmbedText(text, facts, List.of(given));
  }

  private static OutputType.Stored bits(int dimension) {
    return new OutputType.Stored(OutputType.BINARY, dimension, null);
  }

  private static <T extends TreeNode<?>> void assertSame(T one, T other) {
    assertThat(one).isEqualTo(other).hasSameHashCodeAs(other);
    assertThat(((NodeArguments) one).canEqual(other)).isTrue();
  }

  private static void assertCopies(TreeNode<?> node) {
    Object copy = node.clone();
    assertThat(copy).isNotSameAs(node).isEqualTo(node).hasSameHashCodeAs(node);
    assertThat(copy).hasToString(node.toString());
  }

  @Test
  void expressionsEqualOthersOfEqualArguments() {
    Expression a = text(table);
    Expression b = Literal$.MODULE$.apply("b");
    assertSame(new CosineSimilarity(a, b, false), new CosineSimilarity(a, b, false));
    assertThat(new CosineSimilarity(a, b, false))
        .isNotEqualTo(new CosineSimilarity(a, b, true))
        .isNotEqualTo(new CosineSimilarity(b, a, false));
    assertSame(new PoolTokens(a, b, Pooling.MEAN), new PoolTokens(a, b, Pooling.MEAN));
    assertThat(new PoolTokens(a, b, Pooling.MEAN))
        .isNotEqualTo(new PoolTokens(a, b, Pooling.MAX))
        .isNotEqualTo(new CosineSimilarity(a, b, false));
    assertSame(new DecodeVector(a, bits(8)), new DecodeVector(a, bits(8)));
    assertThat(new DecodeVector(a, bits(8))).isNotEqualTo(new DecodeVector(a, bits(16)));
    // However the settings were given.
    assertSame(call(a, mean), call(a, mean, "builtin:x", "mean"));
    assertThat(call(a, mean)).isNotEqualTo(call(a, max)).isNotEqualTo(call(b, mean));
  }

  @Test
  void expressionsAreCopiedWithTheirArguments() {
    Expression a = text(table);
    for (Expression node :
        List.of(
            new CosineSimilarity(a, a, true),
            new PoolTokens(a, a, Pooling.MAX),
            new DecodeVector(a, bits(8)),
            call(a, mean, "x"))) {
      assertCopies(node);
      assertThat(node.withNewChildren(node.children())).isEqualTo(node);
      assertThat(node.canonicalized().semanticEquals(node)).isTrue();
      // Generated code and projections hold expressions, which travel with tasks.
      assertThat(SerializationUtils.<Serializable>clone((Serializable) node)).isEqualTo(node);
      assertThat(node.references().toSeq().size()).isEqualTo(1);
    }
  }

  @Test
  void callsOfDifferentColumnsAreNotTheSame() {
    Expression a = text(table);
    Expression b = text(rows().queryExecution().analyzed());
    assertThat(call(a, mean).semanticEquals(call(b, mean))).isFalse();
    assertThat(new CosineSimilarity(a, a, false).semanticEquals(new CosineSimilarity(b, b, false)))
        .isFalse();
  }

  private static EmbedTextPlan embedded(LogicalPlan rows, ModelFacts facts) {
    return EmbedTextPlan.of(List.of(call(text(rows), facts)), rows);
  }

  @Test
  void plansThatComputeTheSameHaveTheSameResult() {
    EmbedTextPlan one = embedded(table, mean);
    assertCopies(one);
    assertSame(one, new EmbedTextPlan(one.calls, table));
    // Its columns are others, and it may still be reused in place of the first.
    EmbedTextPlan again = embedded(table, mean);
    assertThat(one).isNotEqualTo(again);
    assertThat(one.sameResult(again)).isTrue();
    assertThat(one.sameResult(embedded(table, max))).isFalse();
    assertThat(one.withNewChildren(one.children())).isEqualTo(one);
    assertThat(ScalaSeq.toJava(one.output())).hasSize(2);
    assertThat(one.missingInput().toSeq().size()).isZero();
    assertOperators(new EmbedTextExec(one.calls, scan), new EmbedTextExec(again.calls, scan));
  }

  private static void assertOperators(SparkPlan one, SparkPlan again) {
    assertCopies(one);
    assertThat(one.sameResult(again)).isTrue();
    assertThat(one.withNewChildren(one.children())).isEqualTo(one);
  }

  @Test
  void stagesOfOneProfileAreTheSame() {
    ResourceProfile profile =
        new TaskResourceProfile(new TaskResourceRequests().cpus(1).requests());
    ResourceProfile other = new TaskResourceProfile(new TaskResourceRequests().cpus(2).requests());
    GpuStagePlan stage = new GpuStagePlan(profile, table);
    assertCopies(stage);
    assertSame(stage, new GpuStagePlan(profile, table));
    assertThat(stage).isNotEqualTo(new GpuStagePlan(other, table));
    assertThat(stage.sameResult(new GpuStagePlan(other, table))).isFalse();
    assertOperators(new GpuStageExec(profile, scan), new GpuStageExec(profile, scan));
    assertThat(stage.nodeName()).isEqualTo("GpuStage");
    assertThat(new GpuStageExec(profile, scan).nodeName()).isEqualTo("GpuStage");
  }
}
