<?php
// HTTP with the server that is named, by each of PHP's ways to sockets, and a server of its own.
$to = $argv[1];
$page = file_get_contents("http://$to/page?x=1");
echo strlen($page), " ", array_sum(array_map("intval", explode(" ", preg_replace('/\D+/', " ", $page)))), " ", $http_response_header[0], "\n";
$posted = file_get_contents("http://$to/", false, stream_context_create(["http" => ["method" => "POST", "header" => "Content-Type: text/plain", "content" => "hello"]]));
echo $posted, "\n";
[$host, $port] = explode(":", $to);
$connection = fsockopen($host, (int)$port, $code, $message, 5);
fwrite($connection, "GET / HTTP/1.0\r\n\r\n");
stream_set_timeout($connection, 10);
echo strlen(stream_get_contents($connection)) > 1000 ? "streamed" : "short", "\n";
$socket = socket_create(AF_INET, SOCK_STREAM, SOL_TCP);
socket_connect($socket, $host, (int)$port);
socket_set_option($socket, SOL_SOCKET, SO_RCVTIMEO, ["sec" => 5, "usec" => 0]);
socket_write($socket, "GET / HTTP/1.0\r\n\r\n");
echo trim(socket_read($socket, 100, PHP_NORMAL_READ)), "\n";
while (socket_read($socket, 10000) != "");
socket_close($socket);
$server = stream_socket_server("tcp://127.0.0.1:0");
$client = stream_socket_client("tcp://" . stream_socket_get_name($server, false), flags: STREAM_CLIENT_CONNECT | STREAM_CLIENT_ASYNC_CONNECT);
$peer = stream_socket_accept($server, 5);
fwrite($client, "ping\n");
$read = [$peer]; $write = $except = null;
echo stream_select($read, $write, $except, 5), " ", fgets($peer);
var_dump(@fsockopen("127.0.0.1", 1, $code, $message, 1), $message);
