package io.embark.spark.sql;

import io.embark.UserError;
import io.embark.embed.EmbedderConfig;
import io.embark.embed.Setting;
import io.embark.pooling.Pooling;
import io.embark.spark.executor.ModelFacts;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;

/** The functions Embark adds to SQL: what DESCRIBE FUNCTION says, and how a call is made. */
public enum SqlFunction {
  EMBED_TEXT(
      EmbedText.class,
      "_FUNC_(text [, model [, pooling]])",
      "Returns the sentence vector of a text as array<float>; null for a null or blank text."
          + " Computed in batches.",
      """
            * text - string to embed
            * model - constant string, as --model of the embed job: builtin:NAME, a directory or a
              URI; NULL or left out for spark.embark.model
            * pooling - constant string such as mean or cls; left out for spark.embark.pooling, or
              else as the model was trained. Every other setting of the embed job is read from
              spark.embark.<setting>, e.g. spark.embark.max-length.
      """,
      """
            > SELECT size(_FUNC_('How do I block my card?'));
             384
            > SELECT _FUNC_(NULL);
             NULL
      """) {
    @Override
    Expression call(SqlArguments arguments) {
      arguments.require(1, 3);
      List<String> given = new ArrayList<>();
      try {
        // The default is written out, so that it and the same model named in full are one.
        EmbedderConfig.Builder settings =
            EmbedderConfig.of(Setting.MODEL.defaultText()).toBuilder();
        SessionSettings.addTo(settings, SparkSession.active());
        if (arguments.count() > 1) {
          String model = arguments.textOrNull(1, "model");
          given.add(model == null ? "NULL" : model);
          if (model != null) {
            settings.set(Setting.MODEL, model, "argument of embed_text");
          }
        }
        if (arguments.count() > 2) {
          given.add(arguments.text(2, "pooling"));
          settings.set(Setting.POOLING, arguments.text(2, "pooling"), "argument of embed_text");
        }
        EmbedderConfig config = settings.build();
        if (config.get(Setting.TOKEN_STATES)) {
          throw new UserError(
              "token-states: a call gives a vector, not token states; TextEmbedder gives both.");
        }
        ModelFacts facts = ModelFacts.of(config);
        if (facts.vectorNames().size() > 1) {
          throw new UserError(
              ("a call gives one vector, pooling %s of layers %s gives %s. Call it once for each,"
                      + " or set spark.embark.concat=true to join them.")
                  .formatted(
                      facts.config().text(Setting.POOLING),
                      facts.config().text(Setting.LAYERS),
                      String.join(", ", facts.vectorNames())));
        }
        return new EmbedText(arguments.get(0), facts, given);
      } catch (UserError | IllegalStateException | UncheckedIOException e) {
        throw SqlRefusal.refuse("embed_text: " + e.getMessage(), e);
      }
    }
  },
  POOL_TOKENS(
      PoolTokens.class,
      "_FUNC_(states, mask, pooling)",
      "Returns one vector for the token states of a text as array<float>; null if there is no"
          + " token.",
      """
            * states - array<array<float>>, one array per token
            * mask - array of int, bigint or boolean, one flag per token: whether it counts; NULL
              for all tokens
            * pooling - constant string: cls, mean, max, mean_sqrt_len, weighted_mean or last_token
      """,
      """
            > SELECT _FUNC_(array(array(1f, 2f), array(3f, 4f), array(9f, 9f)), array(1, 1, 0), 'mean');
             [2.0,3.0]
      """) {
    @Override
    Expression call(SqlArguments arguments) {
      arguments.require(3, 3);
      try {
        Pooling pooling = Pooling.of(arguments.text(2, "pooling"));
        if (!pooling.usesTokenStates()) {
          throw new UserError(
              ("pooling %s is an output of the model itself, which token states do not hold; use"
                      + " embed_text, or another pooling of %s.")
                  .formatted(pooling.label(), Pooling.labels()));
        }
        return new PoolTokens(arguments.get(0), arguments.get(1), pooling);
      } catch (UserError e) {
        throw SqlRefusal.refuse("pool_tokens: " + e.getMessage(), e);
      }
    }
  },
  COSINE_SIMILARITY(
      CosineSimilarity.class,
      "_FUNC_(a, b [, force])",
      "Returns the cosine of the angle between two vectors, -1 to 1, as double; null if either is"
          + " null or all zeros.",
      """
            * a, b - vectors of one length: array<float>, array<double> or MLlib's vector, dense or
              sparse, in any mixture
            * force - constant boolean: true compares columns whose metadata say that they were
              made by different models, poolings or layers, which is refused otherwise
      """,
      """
            > SELECT _FUNC_(array(1d, 0d), array(1f, 1f));
             0.7071067811865475
      """) {
    @Override
    Expression call(SqlArguments arguments) {
      arguments.require(2, 3);
      boolean force = arguments.count() == 3 && arguments.flag(2, "force");
      return new CosineSimilarity(arguments.get(0), arguments.get(1), force);
    }
  };

  private final Class<?> expression;
  private final String usage;
  private final String description;
  private final String arguments;
  private final String examples;

  SqlFunction(
      Class<?> expression, String usage, String description, String arguments, String examples) {
    this.expression = expression;
    this.usage = usage;
    this.description = description;
    this.arguments = arguments;
    this.examples = examples;
  }

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  abstract Expression call(SqlArguments arguments);

  /** Turns a call into an expression; the arguments are as the parser left them. */
  public Expression call(List<Expression> given) {
    return call(new SqlArguments(label(), usage.replace("_FUNC_", label()), given));
  }

  public ExpressionInfo info() {
    return new ExpressionInfo(
        expression.getName(),
        null,
        label(),
        usage + " - " + description,
        "\n    Arguments:\n" + arguments,
        "\n    Examples:\n" + examples,
        "",
        "misc_funcs",
        "0.1.0",
        "",
        "java_udf");
  }
}
