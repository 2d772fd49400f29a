package io.embark.spark.sql;

import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.embed.VectorProvenance;
import io.embark.spark.catalyst.FunctionExpression;
import io.embark.spark.column.EmbeddingColumns;
import io.embark.spark.column.OutputType;
import io.embark.spark.executor.ModelFacts;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Unevaluable;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.PartialFunction$;

/**
 * One call of {@code embed_text}. It stands in a query's expressions until {@link ExtractEmbedText}
 * moves it into an operator of its own; it is never computed for a single row.
 *
 * <p>Two calls are the same if text and settings are, however the settings were given.
 */
public final class EmbedText extends FunctionExpression implements Unevaluable {
  private static final long serialVersionUID = 1;
  static final DataType TYPE = DataTypes.createArrayType(DataTypes.FloatType, false);

  final Expression text;
  final EmbedderConfig config;

  /** The opened model; known on the driver only, while the settings travel with the plan. */
  final transient ModelFacts facts;

  private final List<String> given;

  /**
   * @param given the model and pooling as written in the call, for display only
   */
  public EmbedText(Expression text, ModelFacts facts, List<String> given) {
    this.text = text;
    this.config = facts.config();
    this.facts = facts;
    this.given = given;
  }

  /** The metadata that {@code TextEmbedder} would give the column. */
  Metadata metadata(String column) {
    return new EmbeddingColumns(column, "", OutputType.FLOAT, List.of())
        .addTo(new StructType(), facts)
        .apply(column)
        .metadata();
  }

  /** Whether the other call gives the same vector for the same row. */
  boolean sameAs(EmbedText other) {
    return this == other || semanticEquals(other);
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    DataType type = text.dataType();
    if (type instanceof StringType || type instanceof NullType) {
      return TypeCheckResult.TypeCheckSuccess$.MODULE$;
    }
    return new TypeCheckResult.TypeCheckFailure(
        "embed_text embeds text (string), found %s; cast it first".formatted(type.simpleString()));
  }

  @Override
  public DataType dataType() {
    return TYPE;
  }

  @Override
  public boolean foldable() {
    return false;
  }

  @Override
  public Object eval(InternalRow input) {
    return Unevaluable.super.eval(input);
  }

  @Override
  public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
    return Unevaluable.super.doGenCode(ctx, ev);
  }

  @Override
  public String prettyName() {
    return "embed_text";
  }

  @Override
  public String sql() {
    return Stream.concat(Stream.of(text.sql()), given.stream())
        .collect(Collectors.joining(", ", "embed_text(", ")"));
  }

  /** With what is in force rather than what was written, for plans. */
  @Override
  public String toString() {
    return "embed_text(%s, %s, %s)"
        .formatted(text, config.text(Setting.MODEL), config.text(Setting.POOLING));
  }

  @Override
  public Object[] arguments() {
    return new Object[] {text, facts, given};
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EmbedText that && text.equals(that.text) && config.equals(that.config);
  }

  @Override
  public int hashCode() {
    return Objects.hash(text, config);
  }

  /** Gives columns that a call makes the metadata of how they were made. */
  public static final class ColumnMetadata extends Rule<LogicalPlan> {
    @Override
    public LogicalPlan apply(LogicalPlan plan) {
      return plan.resolveExpressions(PartialFunction$.MODULE$.unlifted(ColumnMetadata::described));
    }

    private static Option<Expression> described(Expression expression) {
      if (!(expression instanceof Alias alias)
          || !(alias.child() instanceof EmbedText call)
          || alias.metadata().contains(VectorProvenance.KEY)) {
        return Option.empty();
      }
      Metadata all =
          new MetadataBuilder()
              .withMetadata(call.metadata(alias.name()))
              .withMetadata(alias.metadata())
              .build();
      return Option.apply(
          new Alias(
              call,
              alias.name(),
              alias.exprId(),
              alias.qualifier(),
              Option.apply(all),
              alias.nonInheritableMetadataKeys()));
    }
  }
}
