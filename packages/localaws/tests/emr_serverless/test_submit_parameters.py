"""sparkSubmitParameters, split and sorted."""

from localaws.emr_serverless.submit_parameters import read_parameters


def test_options_that_are_properties_become_properties() -> None:
    read = read_parameters(
        "--conf spark.a=1 --conf=spark.b=x=y -c spark.c=3 --driver-memory 4g --num-executors=2"
    )

    assert read.properties == {
        "spark.a": "1",
        "spark.b": "x=y",
        "spark.c": "3",
        "spark.driver.memory": "4g",
        "spark.executor.instances": "2",
    }
    assert read.options == ()


def test_other_options_stay_and_their_files_are_known() -> None:
    read = read_parameters("--py-files s3://a/b.zip,s3://a/c.zip --class org.a.B --verbose")

    assert read.options == (
        "--py-files",
        "s3://a/b.zip,s3://a/c.zip",
        "--class",
        "org.a.B",
        "--verbose",
    )
    assert read.files == ("s3://a/b.zip", "s3://a/c.zip")


def test_quotes_hold_words_together_and_no_shell_reads_them() -> None:
    read = read_parameters("""--conf 'spark.a=$(touch x); `b` "c"' --conf "spark.d=e f" """)

    assert read.properties == {"spark.a": '$(touch x); `b` "c"', "spark.d": "e f"}


def test_the_last_of_two_equal_properties_counts() -> None:
    assert read_parameters("--conf spark.a=1 --conf spark.a=2").properties == {"spark.a": "2"}


def test_no_parameters_are_no_properties() -> None:
    assert read_parameters("").properties == {}
