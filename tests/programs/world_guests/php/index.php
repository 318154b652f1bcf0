<?php
// A page of PHP's own web server: what was asked for, and what was sent with it.
$body = file_get_contents("php://input");
printf("%s %d %d", $_SERVER["REQUEST_URI"], strlen($body), crc32($body));
