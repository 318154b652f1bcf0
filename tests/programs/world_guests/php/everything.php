<?php
// What PHP is used for, printed: natively and as a guest it is to be the same. It leaves files behind.
declare(strict_types=1);
date_default_timezone_set("Europe/Berlin");

enum Suit: string {
    case Hearts = "H";
    case Spades = "S";
    public static function named(string $name): self {
        return constant("self::$name");
    }
}

interface Shape {
    public function area(): float;
}

abstract class Named implements Shape, JsonSerializable, Stringable {
    private static int $made = 0;
    public function __construct(protected readonly string $name) {
        self::$made++;
    }
    public static function made(): int {
        return self::$made;
    }
    public function jsonSerialize(): array {
        return ["name" => $this->name, "area" => round($this->area(), 3)];
    }
    public function __toString(): string {
        return sprintf("%-8s|%'.10.4f|%+d|%05d|%x|%e", $this->name, $this->area(), 7, 42, 255, $this->area());
    }
}

final class Circle extends Named {
    public function __construct(private float $radius) {
        parent::__construct("circle");
    }
    public function area(): float {
        return M_PI * $this->radius ** 2;
    }
}

final class Box extends Named {
    public function __construct(private float $wide, private float $high = 1.5) {
        parent::__construct("box");
    }
    public function area(): float {
        return $this->wide * $this->high;
    }
}

$shapes = [new Circle(2.0), new Box(3.0), new Box(high: 2.25, wide: 4.0)];
usort($shapes, fn(Shape $a, Shape $b) => $a->area() <=> $b->area());
echo implode("\n", $shapes), "\n", json_encode($shapes, JSON_PRETTY_PRINT), "\n", Named::made(), "\n";
try {
    (function () { $this->name = "other"; })->call($shapes[0]);
} catch (Error $error) {
    echo get_class($error), ": ", $error->getMessage(), "\n";
}

function squares(int $to): Generator {
    for ($n = 1; $n <= $to; $n++) {
        $told = yield $n => $n * $n;
        if ($told)
            echo "told $told\n";
    }
    return yield from cubes($to);
}

function cubes(int $to): Generator {
    foreach (range(1, $to) as $n)
        yield "cube $n" => $n ** 3;
    return "done";
}

$generator = squares(4);
foreach ($generator as $key => $value) {
    echo "$key=$value ";
    if ($value === 9)
        $generator->send("nine");
}
echo $generator->getReturn(), "\n";

function deep(int $n): int {
    if ($n === 0)
        throw new DomainException("the bottom", 3, new LogicException("why"));
    try {
        return deep($n - 1) + 1;
    } finally {
        echo $n, " ";
    }
}
try {
    deep(12);
} catch (InvalidArgumentException | DomainException $error) {
    echo $error->getMessage(), " ", $error->getPrevious()->getMessage(), " ", count($error->getTrace()), "\n";
}

$text = "The quick brown fox jumps over the lazy dog, twice: 2024-02-29 and 1999-12-31.";
preg_match_all('/(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)/', $text, $dates, PREG_SET_ORDER);
foreach ($dates as ["year" => $year, "month" => $month, "day" => $day])
    echo date("D, d M Y", mktime(12, 0, 0, (int)$month, (int)$day, (int)$year)), "; ";
echo preg_replace_callback('/\b(\p{L})(\p{L}*)\b/u', fn($m) => mb_strtoupper($m[1]) . strrev($m[2]), $text), "\n";
var_dump(preg_split('/[\s,:]+/', $text, 5), preg_match('/^(?:(a+)+)+$/', str_repeat("a", 30) . "b"), preg_last_error_msg());

$counts = array_count_values(str_split(strtolower($text)));
arsort($counts);
ksort($counts);
echo http_build_query(array_slice($counts, 3, 8)), " ", array_sum($counts), " ",
    implode(",", array_map(null, array_keys(array_filter($counts, fn($n) => $n > 4)))), "\n";
$matrix = [[3, "b"], [1, "c"], [2, "a"]];
array_multisort($matrix);
[$first, [, $letter]] = $matrix;
echo serialize($matrix), " $first[1]$letter ", var_export(unserialize(serialize($shapes[1])) == $shapes[1], true), "\n";
var_dump(json_decode('{"a":{"b":[1,2.5,"\u00e4",null,true]},"big":12345678901234567890}', true, 512, JSON_BIGINT_AS_STRING));
echo match (true) { PHP_INT_MAX + 1 > PHP_INT_MAX => "overflows to " . gettype(PHP_INT_MAX + 1), default => "no" }, " ",
    intdiv(-7, 2), " ", -7 % 3, " ", fmod(-7, 3), " ", 0.1 + 0.2, " ", 1e100, " ", round(2.5), " ", 7 <=> 7.0, " ",
    bin2hex(pack("NvJ", 1, 2, 3)), " ", Suit::from("H")->name, " ", Suit::tryFrom("X")?->name ?? "none", " ",
    Suit::named("Spades")->value, "\n";

$when = new DateTimeImmutable("2024-03-31 01:30:00");
foreach (new DatePeriod($when, new DateInterval("PT1H"), 3) as $hour)
    echo $hour->format("c e I"), "; ";
echo $when->modify("last friday of next month")->format(DATE_RFC2822), " ",
    $when->diff(new DateTime("2030-01-01"))->format("%R%a days, %y-%m-%d"), "\n";

foreach (["crc32b", "md5", "sha1", "sha3-256", "xxh3", "murmur3a", "whirlpool"] as $algorithm)
    echo $algorithm, " ", hash($algorithm, $text), "\n";
echo hash_hmac("sha256", $text, "key"), " ", base64_encode(gmp_free($text)), " ",
    var_export(password_verify("secret", crypt("secret", '$2y$04$abcdefghijklmnopqrstuu')), true), "\n";
function gmp_free(string $of): string {
    return bcpowmod(bcadd((string)crc32($of), "123456789012345678901234567890"), "65537", "1000000000000000000000007");
}
echo mb_convert_case("straße in köln", MB_CASE_TITLE), " ", mb_strlen("日本語テキスト"), " ",
    mb_convert_encoding("äöü", "ISO-8859-1", "UTF-8") === "\xe4\xf6\xfc" ? "latin" : "no", " ",
    levenshtein("kitten", "sitting"), " ", soundex("Robert"), " ", metaphone("Thompson"), " ", similar_text("World", "Word"), "\n";
mt_srand(42);
echo mt_rand(), " ", mt_rand(1, 100), " ", implode(",", (new Random\Randomizer(new Random\Engine\Xoshiro256StarStar(7)))->shuffleArray(range(1, 9))), "\n";

$heap = new SplPriorityQueue;
foreach (["low" => 1, "high" => 9, "middle" => 5] as $name => $priority)
    $heap->insert($name, $priority);
while (!$heap->isEmpty())
    echo $heap->extract(), " ";
$list = new SplDoublyLinkedList;
for ($i = 0; $i < 5; $i++)
    $i % 2 ? $list->push($i) : $list->unshift($i);
echo implode(",", iterator_to_array($list)), " ", (new ReflectionClass("Box"))->getConstructor()->getParameters()[1]->getDefaultValue(), "\n";
$weak = WeakReference::create($object = new stdClass);
unset($object);
$cycle = new stdClass;
$cycle->self = $cycle;
unset($cycle);
echo var_export($weak->get(), true), " ", gc_collect_cycles(), "\n";

set_error_handler(function (int $level, string $message) { echo "[$message]\n"; return true; });
echo $undefined ?? "undefined", " ", @file_get_contents("none"), [] === [] ? "" : "", "\n";
$array = [1, 2];
echo $array[7], fopen("none/none", "r") === false ? "no file" : "", "\n";
restore_error_handler();

mkdir("made/deep", 0777, true);
for ($i = 0; $i < 5; $i++)
    file_put_contents("made/deep/$i.txt", str_repeat("$i\n", $i + 1), FILE_APPEND);
rename("made/deep/4.txt", "made/four.txt");
unlink("made/deep/0.txt");
$names = array_map(fn($file) => substr($file->getPathname(), 4) . ":" . $file->getSize(), iterator_to_array(
    new RecursiveIteratorIterator(new RecursiveDirectoryIterator("made", FilesystemIterator::SKIP_DOTS)), false));
sort($names);
echo implode(" ", $names), " ", implode(" ", glob("made/deep/[12].*")), " ", basename(realpath("made/deep/../four.txt")), "\n";
$file = fopen("made/table.csv", "w+");
foreach ([["a", "b c", 'd"e'], [1, 2.5, null]] as $row)
    fputcsv($file, $row);
rewind($file);
while (($row = fgetcsv($file)) !== false)
    echo json_encode($row), " ";
fseek($file, -3, SEEK_END);
echo ftell($file), " ", ftruncate($file, 4) ? filesize("made/table.csv") : "", "\n";
fclose($file);
$temporary = tmpfile() ?: fopen("php://memory", "w+");
stream_filter_append($temporary, "string.rot13", STREAM_FILTER_WRITE);
fwrite($temporary, "Uryyb");
rewind($temporary);
echo fgets($temporary), " ", tempnam("made", "x") !== false ? "temporary" : "", "\n";
array_map("unlink", glob("made/x*"));
$archive = new PharData("made/archive.tar");
$archive->addFromString("in.txt", $text);
echo strlen(file_get_contents("phar://made/archive.tar/in.txt")), "\n";
unset($archive);
unlink("made/archive.tar");

function mandelbrot(int $size): int {
    $inside = 0;
    for ($y = 0; $y < $size; $y++)
        for ($x = 0; $x < $size; $x++) {
            $cr = 3.0 * $x / $size - 2.0;
            $ci = 2.0 * $y / $size - 1.0;
            $zr = $zi = 0.0;
            for ($n = 0; $n < 50 && $zr * $zr + $zi * $zi < 4.0; $n++)
                [$zr, $zi] = [$zr * $zr - $zi * $zi + $cr, 2.0 * $zr * $zi + $ci];
            $inside += $n === 50;
        }
    return $inside;
}
$sieve = array_fill(2, 20000, true);
for ($n = 2; $n * $n < 20002; $n++)
    for ($m = $sieve[$n] ? $n * $n : 20002; $m < 20002; $m += $n)
        $sieve[$m] = false;
$words = [];
for ($i = 0; $i < 20000; $i++)
    $words[md5((string)($i % 5000))] = ($words[md5((string)($i % 5000))] ?? 0) + $i;
asort($words);
echo mandelbrot(60), " ", count(array_filter($sieve)), " ", array_key_first($words), " ", array_sum($words), "\n";
