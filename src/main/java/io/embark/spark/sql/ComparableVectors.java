package io.embark.spark.sql;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.embark.spark.catalyst.ScalaSeq;
import io.embark.spark.column.EmbeddingColumns;
import io.embark.spark.column.PooledAs;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.OuterReference;
import org.apache.spark.sql.catalyst.expressions.ScalarSubquery;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.types.Metadata;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Refuses to compare columns whose metadata say that they were made differently: by another model,
 * pooling, layers, map after the model or size. Prompts may differ, as those of queries and
 * passages do on purpose; so may normalisation, which the cosine does not depend on, and the length
 * at which texts were cut. Columns that do not say how they were made are compared.
 */
public final class ComparableVectors extends AbstractFunction1<LogicalPlan, BoxedUnit> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SIDES = "left and right";

  /** A field of the metadata, and what it is taken for where it is missing. */
  private record Field(String key, String otherwise, boolean mustAgree) {
    String of(JsonNode made) {
      return switch (key) {
        case "pooling" -> PooledAs.of(made).pooling();
        case "layers" -> PooledAs.of(made).layers();
        default -> made.path(key).asText(otherwise);
      };
    }
  }

  private static final List<Field> FIELDS =
      List.of(
          new Field("model", "?", false),
          new Field("fingerprint", "?", true),
          new Field("pooling", "?", true),
          new Field("layers", "-1", true),
          new Field("post", "none", false),
          new Field("postFingerprint", "none", true),
          new Field("dimension", "?", true),
          new Field("excludeSpecialTokens", "false", true),
          new Field("excludePrompt", "false", true),
          new Field("precision", "float", false),
          new Field("prompt", "", false),
          new Field("normalize", "none", false),
          new Field("maxLength", "?", false));

  @Override
  public BoxedUnit apply(LogicalPlan plan) {
    check(plan, null);
    return BoxedUnit.UNIT;
  }

  /**
   * @param outer the node around a subquery, whose columns it may refer to; null outside of one
   */
  private static void check(LogicalPlan plan, LogicalPlan outer) {
    plan.foreach(
        node -> {
          for (Expression expression : ScalaSeq.toJava(node.expressions())) {
            check(expression, node, outer);
          }
          return BoxedUnit.UNIT;
        });
  }

  private static void check(Expression expression, LogicalPlan node, LogicalPlan outer) {
    if (expression instanceof SubqueryExpression subquery) {
      check(subquery.plan(), node);
    }
    if (expression instanceof CosineSimilarity cosine) {
      UnionedVectors.check(cosine, node, outer);
    }
    if (expression instanceof CosineSimilarity cosine && !cosine.force()) {
      Optional<JsonNode> left = made(cosine.left(), node);
      Optional<JsonNode> right = made(cosine.right(), node);
      if (left.isPresent() && right.isPresent()) {
        compare(cosine, left.get(), right.get());
      }
    }
    ScalaSeq.toJava(expression.children()).forEach(child -> check(child, node, outer));
  }

  private static void compare(CosineSimilarity cosine, JsonNode left, JsonNode right) {
    differences(left, right, SIDES)
        .ifPresent(
            differences -> {
              throw SqlRefusal.refuse(
                  ("%s compares vectors that were made differently (%s\nMake both in the same way, or"
                          + " pass true as the third argument to compare them all the same.")
                      .formatted(cosine.sql(), differences));
            });
  }

  /**
   * What makes a comparison meaningless, in words that follow "vectors that were made differently
   * ("; empty if nothing does or one side does not say how it was made.
   */
  public static Optional<String> differences(Metadata left, Metadata right) {
    return differences(left, right, SIDES);
  }

  /**
   * {@link #differences(Metadata, Metadata)} with a name for the two.
   *
   * @param sides such as {@code left and right}
   */
  public static Optional<String> differences(Metadata left, Metadata right, String sides) {
    Optional<JsonNode> one = read(left);
    Optional<JsonNode> other = read(right);
    return one.isPresent() && other.isPresent()
        ? differences(one.get(), other.get(), sides)
        : Optional.empty();
  }

  private static Optional<String> differences(JsonNode left, JsonNode right, String sides) {
    List<String> differ =
        FIELDS.stream()
            .filter(field -> field.mustAgree() && !field.of(left).equals(field.of(right)))
            .map(Field::key)
            .toList();
    if (differ.isEmpty()) {
      return Optional.empty();
    }
    String table =
        FIELDS.stream()
            .filter(field -> left.has(field.key()) || right.has(field.key()))
            .map(
                field ->
                    "  %s: %s and %s%s"
                        .formatted(
                            field.key(),
                            shown(field.of(left)),
                            shown(field.of(right)),
                            differ.contains(field.key()) ? "   <- must agree" : ""))
            .collect(Collectors.joining("\n"));
    return Optional.of(
        "%s), so the number would mean nothing. The columns' metadata say, %s:\n%s"
            .formatted(String.join(", ", differ), sides, table));
  }

  private static String shown(String value) {
    return value.isEmpty() ? "none" : "'" + value + "'";
  }

  /** How the vectors of an expression were made, if that is known. */
  private static Optional<JsonNode> made(Expression vectors, LogicalPlan node) {
    if (vectors instanceof EmbedText call) {
      return read(EmbeddingMetadata.of(call, "vector"));
    }
    if (vectors instanceof Attribute attribute) {
      return read(metadata(attribute, node));
    }
    if (vectors instanceof ScalarSubquery subquery) {
      return read(subquery.plan().output().head().metadata());
    }
    if (vectors instanceof Cast || vectors instanceof Alias || vectors instanceof DecodeVector) {
      return made(vectors.children().head(), node);
    }
    if (vectors instanceof OuterReference outer) {
      return read(outer.e().metadata());
    }
    return Optional.empty();
  }

  /** As the child gives it: an attribute may have been resolved before it got its metadata. */
  private static Metadata metadata(Attribute attribute, LogicalPlan node) {
    for (LogicalPlan child : ScalaSeq.toJava(node.children())) {
      for (Attribute column : ScalaSeq.toJava(child.output())) {
        if (column.exprId().equals(attribute.exprId())) {
          return column.metadata();
        }
      }
    }
    return attribute.metadata();
  }

  private static Optional<JsonNode> read(Metadata metadata) {
    if (!metadata.contains(EmbeddingColumns.METADATA_KEY)) {
      return Optional.empty();
    }
    try {
      return Optional.of(JSON.readTree(metadata.json()).get(EmbeddingColumns.METADATA_KEY));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Spark wrote metadata that are not JSON: " + metadata, e);
    }
  }
}
