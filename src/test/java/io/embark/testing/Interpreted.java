package io.embark.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Map;
import org.apache.spark.sql.RuntimeConfig;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Tests of many small jobs, for whose few rows it is not worth to generate code: Spark's plans are
 * interpreted. Others run them as users do.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Interpreted.Plans.class)
public @interface Interpreted {

  /** Switches code generation off and on again. */
  final class Plans implements BeforeAllCallback, AfterAllCallback {
    private static final Map<String, String> SETTINGS =
        Map.of(
            "spark.sql.codegen.wholeStage", "false",
            "spark.sql.codegen.factoryMode", "NO_CODEGEN",
            "spark.sql.adaptive.enabled", "false");

    @Override
    public void beforeAll(ExtensionContext context) {
      SETTINGS.forEach(LocalSpark.session().conf()::set);
    }

    @Override
    public void afterAll(ExtensionContext context) {
      RuntimeConfig conf = LocalSpark.session().conf();
      SETTINGS.keySet().forEach(conf::unset);
    }
  }
}
